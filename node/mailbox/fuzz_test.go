package mailbox

import (
	"bytes"
	"crypto/ecdh"
	"testing"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

func FuzzRequest(f *testing.F) {
	good, _ := wire.Marshal(request{Version: 1, Kind: requestPut, Box: make([]byte, 32), Envelope: make([]byte, SmallEnvelope)})
	open, _ := wire.Marshal(request{Version: 1, Kind: requestOpen})
	f.Add(good)
	f.Add(open)
	f.Fuzz(func(t *testing.T, data []byte) {
		var r request
		if wire.Unmarshal(data, &r) != nil || checkRequest(r) != CodeOK {
			return
		}
		if r.Kind == requestPut && (len(r.Box) != 32 || len(r.Envelope) != SmallEnvelope && len(r.Envelope) != LargeEnvelope) {
			t.Fatal("accepted a put of another shape")
		}
	})
}

func FuzzAccess(f *testing.F) {
	owner, relay, nonce := hosttest.Key(1), peerOf(f, 2), nonceOf(3)
	good := signAccess(f, owner, access{Version: 1, Kind: accessFetch, Relay: []byte(relay), Nonce: nonce, Box: boxOf(owner)})
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, code := readAccess(data, relay, nonce); code == CodeOK && a.Box == boxOf(owner) && !bytes.Equal(data, good) {
			t.Fatal("forged")
		}
	})
}

func FuzzReply(f *testing.F) {
	good, _ := wire.Marshal(reply{Version: 1, Kind: replyMail, Box: make([]byte, 32), Envelope: make([]byte, LargeEnvelope), Until: 1})
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		var r reply
		if wire.Unmarshal(data, &r) != nil || checkReply(r) != nil {
			return
		}
		switch r.Kind {
		case replyMail:
			_ = mailFrom(r)
		case replyNonce:
			_ = [32]byte(r.Nonce)
		}
	})
}

func FuzzOpenEnvelope(f *testing.F) {
	key, err := ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		f.Fatal(err)
	}
	box := BoxID{1}
	good, err := SealEnvelope(box, [32]byte(key.PublicKey().Bytes()), []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		// Each fuzzing process seals a seed of its own, so the content is what tells a forgery.
		if content, err := OpenEnvelope(box, key, data); err == nil && string(content) != "x" {
			t.Fatal("forged")
		}
	})
}
