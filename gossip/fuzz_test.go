package gossip

import (
	"bytes"
	"reflect"
	"testing"

	"pieks/gossip/wire"
)

// FuzzSheet: no bytes panic, what is read is written the same, and the strict reader agrees with the general one.
func FuzzSheet(f *testing.F) {
	n := network()
	p := n.good(1)
	for _, slots := range []int{0, 3, 40} {
		raw := p.sign(f, p.sheet(slots)).Raw
		f.Add(raw)
		f.Add(must(wire.ParseSigned(raw)).Payload)
	}
	f.Add(forge(f, p.sheet(MaxSlots+1), p.key))
	f.Add([]byte{})
	v := n.validator(noon)
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := ParseSheet(data); err == nil {
			again, err := wire.Marshal(&s.Sheet)
			if err != nil || !bytes.Contains(data, again) {
				t.Fatalf("a sheet that is written in another form: %v", err)
			}
		}
		_, err := v.Check(data, "50")
		VerdictOf(err)

		strict, strictErr := decodeSheet(data)
		var general Sheet
		generalErr := wire.Unmarshal(data, &general)
		if strictErr == nil && (generalErr != nil || !reflect.DeepEqual(strict, general)) {
			t.Fatalf("the strict reader takes what the general one does not: %v", generalErr)
		}
		if strictErr != nil && generalErr == nil && general.Relays != nil && general.Slots != nil && general.check() == nil {
			t.Fatalf("the strict reader refuses a good sheet: %v", strictErr)
		}
	})
}

// FuzzPass: a pass, an issuer key and rules from a stranger.
func FuzzPass(f *testing.F) {
	n := network()
	pass := n.good(1).pass
	for _, object := range []any{&pass, n.keyA, DefaultRules()} {
		f.Add(must(wire.Marshal(object)))
	}
	f.Add(n.good(1).pass.Signature)
	v := n.validator(noon)
	f.Fuzz(func(t *testing.T, data []byte) {
		var got Pass
		if wire.Unmarshal(data, &got) == nil {
			if err := v.CheckPass(got); err == nil && (got.P != pass.P || got.H != pass.H || got.Epoch != pass.Epoch) {
				t.Fatal("a pass out of nothing")
			}
		}
		var key IssuerKey
		if wire.Unmarshal(data, &key) == nil {
			if again, err := key.MarshalCBOR(); err != nil || !bytes.Equal(again, data) {
				t.Fatalf("an issuer key that is written in another form: %v", err)
			}
		}
		var rules Rules
		if wire.Unmarshal(data, &rules) == nil && rules.Validate() != nil {
			t.Fatal("rules that cannot be used")
		}
		if len(data) == passSignatureBytes {
			if sig, err := BlindSign(n.a, data); err == nil && bytes.Equal(sig, data) {
				t.Fatal("a number that is its own signature")
			}
		}
		ParseTokenName(string(data))
		ParsePart(string(data))
	})
}
