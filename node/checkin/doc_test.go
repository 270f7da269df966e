package checkin

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// example is the attempt of the example in doc.go.
func example(t testing.TB) *Attempt {
	t.Helper()
	key, fill := hosttest.Key(0x44), func(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }
	sealing := must(ecdh.X25519().NewPrivateKey(fill(0x45, 32)))
	s := Statement{
		Version: version, ID: must(ParseID("237cc7b7-f85e-42c3-981c-ad7f9d97ddca")), Device: newKit(t).licence.Statement.Device,
		TelematikID: "1-234567890", Workplace: "REZEPTION-1", Time: uint64(noon.Unix()), Until: uint64(noon.Unix()) + 72*60*60,
		Key: [32]byte(key.Public().(ed25519.PublicKey)), Sealing: [32]byte(sealing.PublicKey().Bytes()),
		Relays: []string{"12D3KooWMailbox"}, Random: [16]byte(fill(0x55, 16)),
	}
	return &Attempt{must(readStatement(must(wire.SignObject(typeStatement, key, s)))), key, sealing}
}

// The hex in doc.go is what the code makes today, and what it says of reasons and limits is what stands in the code.
func TestDocExamples(t *testing.T) {
	doc := string(must(os.ReadFile("doc.go")))
	a := example(t)
	nonce := a.Nonce()
	for name, block := range map[string]string{
		"statement":   hexBlock(a.statement.payload),
		"challenge":   hexBlock(nonce[:]),
		"login nonce": "//\t" + a.LoginNonce() + "\n",
		"outcome": hexBlock(must(signOutcome(deskKey, outcome{
			ID: a.statement.ID, Key: a.statement.Key, State: stateSuccess, Time: uint64(noon.Unix()) + 60,
		}))),
	} {
		if !strings.Contains(doc, block) {
			t.Errorf("doc.go lacks the %s:\n%s", name, block)
		}
	}
	for r := reasonMalformed; r <= reasonLogin; r++ {
		how := " r  "
		if r.ends() {
			how = " o  "
		}
		line := ""
		for _, l := range strings.Split(doc, "\n") {
			if strings.HasPrefix(l, fmt.Sprintf("//\t%2d ", r)) && strings.Contains(l, how) {
				line = l
			}
		}
		if line == "" {
			t.Errorf("doc.go lacks reason %d (%q), or says otherwise whether it ends a check-in", r, how)
		}
	}
	for _, text := range []string{"1,100 bytes", "3,900 bytes", "at most 2,700 bytes", "2 to 2,048", "4 to 512", "below 32"} {
		if !strings.Contains(doc, text) {
			t.Errorf("doc.go does not say %q", text)
		}
	}
	if maxStatement != 1100 || MaxMessage != 3900 || maxIDToken != 2700 || maxResponse != 2048 || maxCommand != 512 || maxSteps != 32 {
		t.Error("doc.go has other limits than the code")
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
