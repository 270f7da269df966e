package gossip

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

// signWithSalt is RSASSA-PSS-SIGN of RFC 8017 section 8.1.1 with SHA-384 and a given salt, done by hand: the example of
// the documentation must be the same each time, and a second hand checks what circl and crypto/rsa do.
func signWithSalt(key *rsa.PrivateKey, message, salt []byte) []byte {
	const length, hashed = 384, 48
	digest := sha512.Sum384(message)
	h := sha512.New384()
	h.Write(make([]byte, 8))
	h.Write(digest[:])
	h.Write(salt)
	sum := h.Sum(nil)
	db := append(make([]byte, length-2*hashed-2), append([]byte{1}, salt...)...)
	for i := 0; i*hashed < len(db); i++ { // MGF1
		mask := sha512.Sum384(binary.BigEndian.AppendUint32(bytes.Clone(sum), uint32(i)))
		for j := i * hashed; j < len(db) && j < (i+1)*hashed; j++ {
			db[j] ^= mask[j-i*hashed]
		}
	}
	db[0] &= 0x7f // the modulus has 3072 bits, the encoded message 3071
	encoded := append(append(db, sum...), 0xbc)
	sig := new(big.Int).Exp(new(big.Int).SetBytes(encoded), key.D, key.N)
	return sig.FillBytes(make([]byte, length))
}

// docExample is the sheet of the package documentation.
func docExample(t *testing.T) (*Signed, Pass) {
	t.Helper()
	n := network()
	seed := func(b byte, size int) []byte { return bytes.Repeat([]byte{b}, size) }
	key := ed25519.NewKeyFromSeed(seed(1, 32))
	sealing := must(ecdh.X25519().NewPrivateKey(seed(2, 32)))
	pass := Pass{P: [32]byte(key[32:]), H: [32]byte(sealing.PublicKey().Bytes()), Epoch: 20788, Issuer: n.keyA.ID, Prefix: [32]byte(seed(3, 32))}
	pass.Signature = signWithSalt(n.a, append(seed(3, 32), pass.message()...), seed(4, 48))
	issued := time.Date(2026, 12, 1, 10, 59, 0, 0, time.UTC)
	signed, err := SignSheet(Sheet{
		Pass: pass, Area: "50667", Seq: 1, Issued: uint64(issued.Unix()), Expires: uint64(issued.Add(20*time.Hour + time.Minute).Unix()),
		Relays: []string{testPeer(5)},
		Slots: []Slot{
			{ID: SlotID(seed(6, 16)), Day: 20790, Part: Morning, Vaccine: "comirnaty", Dose: 1},
			{ID: SlotID(seed(7, 16)), Day: 20790, Part: Evening, Vaccine: "influenza", Dose: 1},
		},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return signed, pass
}

func TestDocumentedExample(t *testing.T) {
	signed, pass := docExample(t)
	if err := pass.Verify(network().keyA); err != nil {
		t.Errorf("a pass made by hand: %v", err)
	}
	if _, err := network().validator(noon).Check(signed.Raw, "50"); err != nil {
		t.Errorf("the example is refused: %v", err)
	}
	token := TokenOf(pass.P, signed.Sheet.Slots[0].ID)
	pool := NewPool(at(noon))
	checked := *signed
	checked.Region = "506"
	if _, err := pool.Add(&checked); err != nil {
		t.Fatal(err)
	}
	digest := pool.Digest("506", noon)
	want := "//\tsheet\n" + hexLines(signed.Raw) + "//\tsheet hash\n" + hexLines(signed.Hash[:]) + "//\ttoken of the first slot\n" + hexLines(token[:]) +
		"//\tdigest of region 506 with this sheet alone\n" + hexLines(digest[:])
	doc := string(must(os.ReadFile("doc.go")))
	if !strings.Contains(doc, want) {
		t.Errorf("doc.go does not show:\n%s", want)
	}
	if !strings.Contains(doc, network().keyA.ID.String()) {
		t.Errorf("doc.go does not name the issuer key %s", network().keyA.ID)
	}
}

func hexLines(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		n := min(len(data), 48)
		b.WriteString("//\t  " + hex.EncodeToString(data[:n]) + "\n")
		data = data[n:]
	}
	return b.String()
}

// Every limit and refusal that the documentation names is the one in force.
func TestDocumentedRefusals(t *testing.T) {
	doc := string(must(os.ReadFile("doc.go")))
	for _, name := range []string{"ErrSize", "ErrForm", "ErrTimes", "ErrSignature", "ErrPass", "ErrVersion", "ErrEarly", "ErrExpired", "ErrLife",
		"ErrEpoch", "ErrArea", "ErrZone", "ErrDay", "ErrVaccine", "ErrIssuer", "ErrKnown", "ErrOld", "ErrEquivocation", "ErrFull", "ErrPolicy"} {
		if !strings.Contains(doc, name) {
			t.Errorf("%s is not documented", name)
		}
	}
}
