package gossip

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"
	"time"

	"pieks/gossip/wire"
)

func TestBlindPass(t *testing.T) {
	n := network()
	p := n.good(7)
	request, err := n.policy.BlindPass(n.keyA.ID, p.pass.P, p.pass.H, p.pass.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	if len(request.Blinded()) != passSignatureBytes {
		t.Errorf("%d bytes blinded", len(request.Blinded()))
	}
	blindSignature, err := BlindSign(n.a, request.Blinded())
	if err != nil {
		t.Fatal(err)
	}
	pass, err := request.Finish(blindSignature)
	if err != nil {
		t.Fatal(err)
	}
	if pass.P != p.pass.P || pass.H != p.pass.H || pass.Epoch != p.pass.Epoch || pass.Issuer != n.keyA.ID {
		t.Errorf("pass %+v", pass)
	}
	if err := n.validator(noon).CheckPass(pass); err != nil {
		t.Errorf("finished pass: %v", err)
	}
	// Nothing of what the issuer saw is in the pass.
	if bytes.Equal(pass.Signature, blindSignature) || bytes.Equal(pass.Signature, request.Blinded()) {
		t.Error("the pass shows what the issuer signed")
	}
	again, err := n.policy.BlindPass(n.keyA.ID, p.pass.P, p.pass.H, p.pass.Epoch)
	if err != nil || bytes.Equal(again.Blinded(), request.Blinded()) {
		t.Errorf("the same pass is blinded the same way twice: %v", err)
	}
}

func TestNewIssuerKey(t *testing.T) {
	if testing.Short() {
		t.Skip("making an RSA key takes seconds")
	}
	n := network()
	private, key, err := NewIssuerKey("relay", time.Unix(int64(n.keyA.From), 0), time.Unix(int64(n.keyA.To), 0))
	if err != nil {
		t.Fatal(err)
	}
	p := n.good(7)
	request, err := BlindPass(key, p.pass.P, p.pass.H, p.pass.Epoch, n.policy.Rules)
	if err != nil {
		t.Fatal(err)
	}
	pass, err := request.Finish(must(BlindSign(private, request.Blinded())))
	if err != nil {
		t.Fatal(err)
	}
	if err := pass.Verify(key); err != nil || key.ID == n.keyA.ID {
		t.Errorf("pass under a new key: %v", err)
	}
	if _, _, err := NewIssuerKey("", noon, noon.Add(time.Hour)); !errors.Is(err, ErrIssuerKey) {
		t.Errorf("no issuer: %v", err)
	}
}

// Case 15: the issuer answers with something else than asked for.
func TestFinishRefusesWrongSignatures(t *testing.T) {
	n := network()
	p := n.good(7)
	request, err := n.policy.BlindPass(n.keyA.ID, p.pass.P, p.pass.H, p.pass.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	good, err := BlindSign(n.a, request.Blinded())
	if err != nil {
		t.Fatal(err)
	}
	tampered := bytes.Clone(good)
	tampered[200] ^= 1
	other, err := BlindSign(n.b, request.Blinded())
	if err != nil && !errors.Is(err, ErrBlinded) { // the blinded number may be above the other modulus
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"tampered": tampered, "other key": other, "empty": nil, "short": good[1:], "long": append(bytes.Clone(good), 0),
		"zeros": make([]byte, passSignatureBytes), "the question": request.Blinded(), "ones": bytes.Repeat([]byte{0xff}, passSignatureBytes),
	} {
		if _, err := request.Finish(bad); !errors.Is(err, ErrPass) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := request.Finish(good); err != nil {
		t.Errorf("the right answer after wrong ones: %v", err)
	}
}

// Case 16: a key that only this practice was offered, and keys for another time.
func TestBlindOnlyUnderKeysOfTheBundle(t *testing.T) {
	n := network()
	p := n.good(7)
	if _, err := n.policy.BlindPass(KeyID{1, 2, 3}, p.pass.P, p.pass.H, p.pass.Epoch); !errors.Is(err, ErrIssuer) {
		t.Errorf("foreign key: %v", err)
	}
	if _, err := n.policy.BlindPass(n.keyB.ID, p.pass.P, p.pass.H, p.pass.Epoch); !errors.Is(err, ErrEpoch) {
		t.Errorf("last week's key: %v", err)
	}
	last := n.policy.Rules.EpochAt(time.Unix(int64(n.keyA.To), 0)) // the first epoch after the week
	if _, err := n.policy.BlindPass(n.keyA.ID, p.pass.P, p.pass.H, last); !errors.Is(err, ErrEpoch) {
		t.Errorf("next week: %v", err)
	}
	if _, err := n.policy.BlindPass(n.keyA.ID, p.pass.P, p.pass.H, last-1); err != nil {
		t.Errorf("Sunday: %v", err)
	}
	if _, err := n.policy.BlindPass(n.keyA.ID, p.pass.P, p.pass.H, last-8); !errors.Is(err, ErrEpoch) {
		t.Errorf("the Sunday before: %v", err)
	}
	if keys := n.policy.IssuerKeys("", last-1); len(keys) != 1 || keys[0].ID != n.keyA.ID {
		t.Errorf("keys of this week: %v", keys)
	}
	if keys := n.policy.IssuerKeys("relay-b", last-1); len(keys) != 0 {
		t.Errorf("keys of another issuer: %v", keys)
	}
}

// Case 4: to RSA s and s+n are the same, to us not.
func TestPassSignatureIsCanonical(t *testing.T) {
	n := network()
	key := *n.a
	var pass Pass
	for i := uint64(0); ; i++ { // until s+n still fits into 384 bytes
		pass = newPractice(&key, n.keyA.ID, i, n.policy.Rules.EpochAt(noon)).pass
		sum := new(big.Int).Add(new(big.Int).SetBytes(pass.Signature), key.N)
		if sum.BitLen() <= issuerKeyBits {
			if err := pass.Verify(n.keyA); err != nil {
				t.Fatal(err)
			}
			sum.FillBytes(pass.Signature)
			break
		}
	}
	if err := pass.Verify(n.keyA); !errors.Is(err, ErrPass) {
		t.Errorf("s+n: %v", err)
	}
	for name, sig := range map[string][]byte{
		"n": n.a.N.Bytes(), "all ones": bytes.Repeat([]byte{0xff}, 384), "empty": {}, "leading zero": append([]byte{0}, n.good(1).pass.Signature...),
	} {
		bad := n.good(1).pass
		bad.Signature = sig
		if err := bad.Verify(n.keyA); !errors.Is(err, ErrPass) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := n.good(1).pass
	if err := good.Verify(n.keyB); !errors.Is(err, ErrIssuer) {
		t.Errorf("a key that the pass does not name: %v", err)
	}
}

func TestBlindSignRefusesWhatIsNotBlinded(t *testing.T) {
	n := network()
	one := make([]byte, 384)
	one[383] = 1
	for name, bad := range map[string][]byte{
		"empty": {}, "short": make([]byte, 383), "long": make([]byte, 385), "zero": make([]byte, 384), "one": one,
		"n": n.a.N.Bytes(), "above n": bytes.Repeat([]byte{0xff}, 384),
	} {
		if _, err := BlindSign(n.a, bad); !errors.Is(err, ErrBlinded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIssuerKeyWire(t *testing.T) {
	n := network()
	data, err := wire.Marshal([]IssuerKey{n.keyA, n.keyB})
	if err != nil {
		t.Fatal(err)
	}
	var got []IssuerKey
	if err := wire.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for i, want := range []IssuerKey{n.keyA, n.keyB} {
		if got[i].ID != want.ID || got[i].Issuer != want.Issuer || got[i].From != want.From || got[i].To != want.To || !got[i].Key.Equal(want.Key) {
			t.Errorf("key %d: %+v", i, got[i])
		}
	}
	der := must(n.keyA.der())
	small := must(rsa.GenerateKey(rand.Reader, 2048))
	if _, err := PublicIssuerKey(&small.PublicKey, "relay", noon, noon.Add(time.Hour)); !errors.Is(err, ErrIssuerKey) {
		t.Errorf("2048 bit: %v", err)
	}
	if _, err := PublicIssuerKey(&n.a.PublicKey, "relay", noon, noon); !errors.Is(err, ErrIssuerKey) {
		t.Errorf("no time span: %v", err)
	}
	cube := n.a.PublicKey
	cube.E = 3
	if _, err := PublicIssuerKey(&cube, "relay", noon, noon.Add(time.Hour)); !errors.Is(err, ErrIssuerKey) {
		t.Errorf("exponent 3: %v", err)
	}
	for name, w := range map[string]issuerKeyWire{
		"no issuer":    {"", 1, 2, der},
		"no span":      {"relay", 2, 2, der},
		"far future":   {"relay", 1, maxInstant + 1, der},
		"no key":       {"relay", 1, 2, nil},
		"cut key":      {"relay", 1, 2, der[:len(der)-1]},
		"trailing":     {"relay", 1, 2, append(bytes.Clone(der), 0)},
		"even modulus": {"relay", 1, 2, evenModulus(t, n)},
	} {
		data, err := wire.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		if err := wire.Unmarshal(data, new(IssuerKey)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := (IssuerKey{}).MarshalCBOR(); !errors.Is(err, ErrIssuerKey) {
		t.Errorf("empty key: %v", err)
	}
}

func evenModulus(t *testing.T, n *testNetwork) []byte {
	t.Helper()
	der := must(n.keyA.der())
	low := bytes.LastIndex(der, n.a.N.Bytes()) + 383
	bad := bytes.Clone(der)
	bad[low] &^= 1
	return bad
}

func TestPolicyRefusals(t *testing.T) {
	n := network()
	m, rules := n.policy.Map, n.policy.Rules
	vaccine := Vaccine{Code: "x", Name: "X", Doses: 1}
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"good":          {second(NewPolicy(m, []IssuerKey{n.keyA}, []Vaccine{vaccine}, rules)), nil},
		"no map":        {second(NewPolicy(nil, nil, nil, rules)), ErrPolicy},
		"no rules":      {second(NewPolicy(m, nil, nil, Rules{})), ErrRules},
		"key twice":     {second(NewPolicy(m, []IssuerKey{n.keyA, n.keyA}, nil, rules)), ErrIssuerKey},
		"empty key":     {second(NewPolicy(m, []IssuerKey{{}}, nil, rules)), ErrIssuerKey},
		"vaccine twice": {second(NewPolicy(m, nil, []Vaccine{vaccine, vaccine}, rules)), ErrVaccine},
		"no dose":       {second(NewPolicy(m, nil, []Vaccine{{Code: "x"}}, rules)), ErrVaccine},
		"no code":       {second(NewPolicy(m, nil, []Vaccine{{Doses: 1}}, rules)), ErrVaccine},
	} {
		if !errors.Is(c.err, c.want) || (c.err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
}
