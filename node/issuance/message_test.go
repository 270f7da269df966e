package issuance

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// TestDocumentedExample makes the bytes that the package documentation shows. Blinded passes are 384 bytes 0b.
func TestDocumentedExample(t *testing.T) {
	relay := must(peer.IDFromPrivateKey(must(crypto.UnmarshalEd25519PrivateKey(hosttest.Key(2)))))
	blinded := bytes.Repeat([]byte{0x0b}, signatureBytes)
	req := request{
		Version: version, Relay: []byte(relay), Enrolment: []byte{0xc0, 0xff, 0xee}, Key: gossip.KeyID{1, 2, 3, 4, 5, 6, 7, 8},
		Time: 1796126400, Nonce: [nonceBytes]byte(bytes.Repeat([]byte{3}, nonceBytes)),
	}
	for range Batch {
		req.Blinded = append(req.Blinded, blinded)
	}
	var frame bytes.Buffer
	if err := wire.WriteFrame(&frame, must(wire.SignObject(requestType, hosttest.Key(1), req))); err != nil {
		t.Fatal(err)
	}
	all := hex.EncodeToString(frame.Bytes())
	element := "590180" + hex.EncodeToString(blinded)
	if strings.Count(all, element) != Batch {
		t.Fatal("not eight elements")
	}
	head, rest, _ := strings.Cut(all, element)
	tail := rest[len(element)*(Batch-1):]
	var refusal bytes.Buffer
	if err := wire.WriteObject(&refusal, answer{Version: version, Code: CodeQuota}); err != nil {
		t.Fatal(err)
	}
	doc := strings.NewReplacer("//", "", "\n", "", "\t", "", " ", "").Replace(string(must(os.ReadFile("doc.go"))))
	for name, want := range map[string]string{"head": head, "tail": tail, "answer": hex.EncodeToString(refusal.Bytes())} {
		if !strings.Contains(doc, want) {
			t.Errorf("doc.go does not show the %s:\n%s", name, want)
		}
	}
}

func TestFreshAtItsEdges(t *testing.T) {
	for at, want := range map[time.Duration]bool{
		-maxSkew: true, -maxSkew - time.Second: false, maxSkew: true, maxSkew + time.Second: false, 0: true,
	} {
		if got := fresh(uint64(noon.Add(at).Unix()), noon); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
	if fresh(1<<64-1, noon) || fresh(0, noon) {
		t.Error("an impossible time is fresh")
	}
}

func TestEveryCodeHasItsOwnSentence(t *testing.T) {
	seen := map[string]bool{}
	for c := CodeMalformed; c <= CodeFailed; c++ {
		err := c.err()
		if err == nil || codeErrors[c] == nil || seen[err.Error()] {
			t.Errorf("code %d: %v", c, err)
			continue
		}
		seen[err.Error()] = true
	}
	if Code(99).err() == nil {
		t.Error("an unknown code is no error")
	}
}

func FuzzRequest(f *testing.F) {
	relay := must(peer.IDFromPrivateKey(must(crypto.UnmarshalEd25519PrivateKey(hosttest.Key(2)))))
	req := request{Version: version, Relay: []byte(relay), Enrolment: []byte{1}, Time: uint64(noon.Unix()), Blinded: make([][]byte, Batch)}
	for i := range req.Blinded {
		req.Blinded[i] = make([]byte, signatureBytes)
	}
	f.Add(must(wire.SignObject(requestType, hosttest.Key(1), req)))
	f.Fuzz(func(t *testing.T, data []byte) {
		env, r, code := readRequest(data, relay, noon)
		if code != CodeOK {
			return
		}
		if env == nil || len(r.Blinded) != Batch || len(r.Blinded[0]) != signatureBytes || len(r.Enrolment) == 0 {
			t.Fatal("accepted another shape")
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(must(wire.Marshal(answer{Version: version, Signatures: make([][]byte, Batch), Left: 3})))
	f.Add(must(wire.Marshal(answer{Version: version, Code: CodeBusy})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a answer
		if wire.Unmarshal(data, &a) == nil && checkAnswer(a) == nil && len(a.Signatures) != Batch {
			t.Fatal("accepted another shape")
		}
	})
}
