package patient

import (
	"testing"
	"time"

	"pieks/node/web/webtest"
)

func TestMain(m *testing.M) {
	askPatience = 500 * time.Millisecond // the double answers at once, or not before it is told to
	webtest.Main(m)
}
