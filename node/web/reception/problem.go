package reception

import (
	"strings"

	"pieks/node/web"
)

// problem is the sentence for a code of the node. A code that this app has no sentence for is said as it is.
func problem(c *web.Call, prefix, code string) string {
	if code == "" {
		return ""
	}
	said := c.Say(prefix + code)
	if strings.HasPrefix(said, "[") {
		return c.Say("error_said", "Text", code)
	}
	return said
}
