package disclosure

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// docText is doc.go without its comment marks.
func docText(t *testing.T) string {
	t.Helper()
	return strings.ReplaceAll(string(must(os.ReadFile("doc.go"))), "\n// ", "\n")
}

// The sizes, vectors and codes in doc.go are those of the code.
func TestDocumentedNumbers(t *testing.T) {
	doc := docText(t)
	c := Commit([]byte("opaque"), [32]byte(bytesOf(0x55, 32)))
	if got := hex.EncodeToString(c[:]); got != "eb93b0a6ff4972a1d106ab157f599a907309f9cb246c220129ea5d62e33387f2" {
		t.Errorf("vector of crypto.md 8.5: %s", got)
	}
	code := Code(123456789)
	for _, want := range []string{
		hex.EncodeToString(c[:]), "012345-6789 is " + code.Digits() + ", \"" + code.Words() + "\"",
		sizeLine("head", headBytes), sizeLine("signature", authorisationBytes), sizeLine("parcel", packageBytes), sizeLine("marks", marksBytes),
		sizeLine("answer", answerBytes), sizeLine("answer", collectBytes), fmt.Sprintf("at most %s bytes", thousands(maxListBytes)), fmt.Sprintf("warning, %d bytes", WarningBytes),
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("doc.go lacks %q", want)
		}
	}
	for s := StatusOK; s <= StatusFailed; s++ {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^//\t ?%d [a-z]+`, s)).MatchString(string(must(os.ReadFile("doc.go")))) {
			t.Errorf("doc.go lacks code %d", s)
		}
	}
}

func sizeLine(name string, n int) string { return fmt.Sprintf("%-24s%8s", name, thousands(n)) }

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func bytesOf(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}

// Each size holds the largest message of its kind.
func TestLargestMessagesFit(t *testing.T) {
	marks := marksMessage{}
	for i := range maxMarks {
		marks.Known = append(marks.Known, Mark{Relay: bytesOf(byte(i), maxPeerID), Top: 1<<64 - 1, Have: 1<<64 - 1})
	}
	items := content{Version: version, Relay: bytesOf(1, maxPeerID), Number: 1<<64 - 1, Issued: maxUnix, Items: make([][32]byte, maxItems)}
	if signed := must(wire.SignObject(listType, hosttest.Key(1), items)); len(signed) > maxListBytes {
		t.Errorf("a list of %d bytes, limit %d", len(signed), maxListBytes)
	}
	for _, m := range []struct {
		size int
		v    any
	}{
		{headBytes, head{Version: version, Kind: kindRegister, Reference: "000000", Commitment: bytesOf(1, 32), Dummy: true}},
		{authorisationBytes, signature{CMS: bytesOf(1, maxAuthorisation)}},
		{packageBytes, parcel{Data: bytesOf(1, MaxData), CMS: bytesOf(1, maxAuthorisation)}},
		{marksBytes, marks},
		{answerBytes, answer{Version: version, Status: StatusFailed, Until: maxUnix, Commitment: bytesOf(1, 32), Lists: maxListsPerFetch, More: true}},
		{collectBytes, answer{Version: version, CMS: bytesOf(1, maxAuthorisation)}},
	} {
		if _, err := pad(m.size, m.v); err != nil {
			t.Errorf("%T: %v", m.v, err)
		}
	}
}

// The bytes in doc.go are what the code makes today.
func TestDocumentedExample(t *testing.T) {
	relay := peerOf(hosttest.Key(2))
	consent := Consent{Data: []byte("opaque"), Secret: [32]byte(bytesOf(0x55, 32)), Code: 123456789}
	c := consent.Commitment()
	framed := func(size int, v any) string {
		var b bytes.Buffer
		if err := writePadded(&b, size, v); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(b.Bytes())
	}
	l := must(makeList(hosttest.Key(2), relay, 1, time.Unix(1796148000, 0), [][]byte{consent.Data}))
	doc := strings.NewReplacer("//", "", "\n", "", "\t", "", " ", "").Replace(string(must(os.ReadFile("doc.go"))))
	for name, want := range map[string]string{
		"register": framed(headBytes, head{Version: version, Kind: kindRegister, Reference: consent.Code.Reference(), Commitment: c[:]}),
		"answer":   framed(answerBytes, answer{Version: version, Until: 1796128200}),
		"content": hex.EncodeToString(must(wire.Marshal(Authorisation{
			Version: version, Relay: []byte(relay), Commitment: c, Reference: consent.Code.Reference(), PIN: consent.Code.PIN(),
			Issued: 1796126400, Expires: 1796128200, Nonce: [nonceBytes]byte(bytesOf(3, nonceBytes)),
		}))),
		"list": hex.EncodeToString(l.signed),
		"QR":   must(QR(relay, consent.Code, c)),
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("doc.go does not show the %s:\n%s", name, block(want))
		}
	}
}

// block is text as doc.go shows it: 64 characters a line.
func block(text string) string {
	var b strings.Builder
	for text != "" {
		n := min(64, len(text))
		b.WriteString("//\t" + text[:n] + "\n")
		text = text[n:]
	}
	return b.String()
}
