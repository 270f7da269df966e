package network

import (
	"bytes"
	"testing"

	"pieks/gossip/wire"
)

// FuzzVerify: nobody but the operators makes a file that is accepted.
func FuzzVerify(f *testing.F) {
	made := fixtureOf(f)
	f.Add(made.Signed)
	f.Add(made.Signed[:200])
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Verify(data); err == nil && !bytes.Equal(data, made.Signed) {
			t.Fatal("forged")
		}
	})
}

// FuzzBundle looks behind the signatures: whatever two operators may have signed, it is refused or can be used.
func FuzzBundle(f *testing.F) {
	made := fixtureOf(f)
	f.Add(mustMarshal(f, made.Bundle))
	built := made.Bundle.Next()
	built.Map = builtMap(f)
	f.Add(mustMarshal(f, built))
	f.Fuzz(func(t *testing.T, payload []byte) {
		versionOf(payload)
		b := new(Bundle)
		if wire.Unmarshal(payload, b) != nil {
			return
		}
		policy, err := b.check()
		if err != nil {
			return
		}
		if policy.Map.Region("50667") == "" || len(policy.Keys) != len(b.Issuers) || len(weeksOf(b)) == 0 || b.CardRoots().CAs == nil {
			t.Fatalf("%+v", b)
		}
		if _, err := Sign(b); err == nil {
			t.Fatal("signed by nobody")
		}
	})
}

func FuzzRelayHome(f *testing.F) {
	h := fixtureOf(f).Relays[0] // without issuer keys
	_, secret, err := newIssuer(h.Peer, weekOf(noon))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(mustMarshal(f, h))
	h.Add([]IssuerSecret{secret})
	data := mustMarshal(f, h)
	f.Add(data)
	f.Add(data[:120])
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ParseRelayHome(data)
		if err != nil {
			return
		}
		if again, err := MarshalRelayHome(*h); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%v", err)
		}
	})
}

func FuzzProtocol(f *testing.F) {
	f.Add(mustMarshal(f, request{1, "0123456789abcdef", 7}))
	f.Add(mustMarshal(f, answer{1, codeFile, []byte("file")}))
	c := currentOf(f, nil, fixtureOf(f).Signed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var req request
		if wire.Unmarshal(data, &req) == nil {
			if _, err := c.answerTo(req); err != nil {
				t.Fatal(err)
			}
		}
		var a answer
		_ = wire.Unmarshal(data, &a)
	})
}
