package booking

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// The hex in doc.go is what the code makes today.
func TestDocExamples(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	x := fixtures(t)
	for name, data := range map[string][]byte{"request": x.requestMsg, "taken": x.takenRefuse, "offer": x.offerMsg, "confirm": x.confirmMsg, "receipt": x.receiptMsg,
		"order": must[[]byte](t)(Encode(KindOrder, x.order))} {
		if block := hexBlock(data); !strings.Contains(string(doc), block) {
			t.Errorf("doc.go lacks the %s:\n%s", name, block)
		}
	}
}

// hexBlock is hex as doc.go shows it: 32 bytes a line, as preformatted text.
func hexBlock(data []byte) string {
	var b strings.Builder
	for text := hex.EncodeToString(data); text != ""; {
		n := min(64, len(text))
		b.WriteString("//\t" + text[:n] + "\n")
		text = text[n:]
	}
	return b.String()
}
