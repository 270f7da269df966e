package card

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestDocExample makes the example of the package documentation again.
func TestDocExample(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	data, err := testStatement().encode()
	if err != nil {
		t.Fatal(err)
	}
	joined := strings.Join(strings.Fields(strings.ReplaceAll(string(doc), "//", "")), "")
	if !strings.Contains(joined, "themapalone:"+hex.EncodeToString(data)+"The") {
		t.Fatalf("doc.go does not have the statement as it is made now: %x", data)
	}
	if len(EnrolmentDomain) != 18 {
		t.Fatal(len(EnrolmentDomain))
	}
}
