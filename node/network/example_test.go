package network

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pieks/gossip/wire"
)

// TestExampleInTheDocument re-creates the bytes that doc.go shows.
func TestExampleInTheDocument(t *testing.T) {
	seeds := [][]byte{bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)}
	keys := []ed25519.PrivateKey{ed25519.NewKeyFromSeed(seeds[0]), ed25519.NewKeyFromSeed(seeds[1])}
	b := new(Bundle)
	for i, key := range keys {
		b.Operators[i] = [32]byte(publicOf(key))
	}
	signed, err := signPayload(b, []byte{0xa1, 0x01, 0x01}, keys...)
	if err != nil {
		t.Fatal(err)
	}
	ask := new(bytes.Buffer)
	if err := wire.WriteObject(ask, request{Version, "0123456789abcdef", 7}); err != nil {
		t.Fatal(err)
	}
	nothing, err := frameOf(answer{Version: Version, Code: codeNothing})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "# Example")
	shown := regexp.MustCompile(`(?m)^//\t.*\n`).ReplaceAllStringFunc(text, func(line string) string { return strings.TrimSpace(line[2:]) })
	shown = strings.ReplaceAll(shown, " ", "")
	for name, data := range map[string][]byte{"request": ask.Bytes(), "answer": nothing, "signed": signed} {
		if !strings.Contains(shown, hex.EncodeToString(data)) {
			t.Errorf("%s: doc.go does not show %x", name, data)
		}
	}
	// The signatures of the example are over the Sig_structure that doc.go describes, written out by hand.
	for i, key := range keys {
		toSign := slices.Concat(
			[]byte{0x85, 0x69}, []byte("Signature"), []byte{0x40}, signatureHeader(i),
			[]byte{0x4f}, []byte("pieks/network/1"), []byte{0x43, 0xa1, 0x01, 0x01})
		if !bytes.Contains(signed, ed25519.Sign(key, toSign)) {
			t.Errorf("operator %d signed something else", i)
		}
	}
}
