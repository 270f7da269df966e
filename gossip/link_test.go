package gossip

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"
	"time"
)

// Case 17 of crypto.md section 9: 10,000 tokens of 20 practices over 5 epochs, with all that the issuer recorded. Nothing that
// is long enough to name a practice occurs twice: not in two pseudonyms of one practice, and not in the
// issuer's records and a pass. What few values can take (area, vaccine, day, relays, times) is not looked at: whoever
// chooses a rare one shows himself, which SECURITY.md says.
func TestNothingLinksPseudonyms(t *testing.T) {
	const practices, epochs, slots = 20, 5, 100
	n := network()
	first := n.policy.Rules.EpochAt(noon)
	seen := windows{}
	tokens := 0
	for i := range uint64(practices) {
		for e := range uint64(epochs) {
			owner := fmt.Sprintf("practice %d in epoch %d", i, e)
			p := newPractice(n.a, n.keyA.ID, i*epochs+e, first+e)
			request, err := n.policy.BlindPass(n.keyA.ID, p.pass.P, p.pass.H, first+e)
			if err != nil {
				t.Fatal(err)
			}
			blindSignature, err := BlindSign(n.a, request.Blinded())
			if err != nil {
				t.Fatal(err)
			}
			if p.pass, err = request.Finish(blindSignature); err != nil {
				t.Fatal(err)
			}
			issued := noon.Add(time.Duration(e) * 24 * time.Hour)
			s := p.sheet(0)
			s.Issued = uint64(issued.Unix())
			s.Expires = uint64(n.policy.Rules.SheetExpiry(issued, issued.Add(time.Hour), first+e).Unix())
			for range slots {
				s.Slots = append(s.Slots, Slot{ID: NewSlotID(), Day: DayOf(issued), Vaccine: "comirnaty", Dose: 1})
			}
			signed := p.sign(t, s)
			seen.add(t, "issuer's record of "+owner, request.Blinded(), blindSignature)
			seen.add(t, owner, p.pass.P[:], p.pass.H[:], p.pass.Prefix[:], p.pass.Signature, signed.Hash[:], signed.Raw[len(signed.Raw)-64:])
			for _, slot := range signed.Sheet.Slots {
				token := TokenOf(p.pass.P, slot.ID)
				seen.add(t, owner, slot.ID[:], token[:])
				tokens++
			}
		}
	}
	if tokens != 10_000 {
		t.Errorf("%d tokens", tokens)
	}
}

// windows remembers every run of 8 bytes and whose it is: a partly equal field would show too.
type windows map[uint64]string

func (w windows) add(t *testing.T, owner string, fields ...[]byte) {
	for _, field := range fields {
		for i := 0; i+8 <= len(field); i++ {
			run := binary.BigEndian.Uint64(field[i:])
			if whose, ok := w[run]; ok {
				t.Fatalf("%x occurs with %s and with %s", run, whose, owner)
			}
			w[run] = owner
		}
	}
}

// The expiry is the one time that the practice's own clock could show in each sheet. By Rules.SheetExpiry all practices of one
// tick have the same, whatever their rotation offset.
func TestExpiryHidesTheOffset(t *testing.T) {
	rules := DefaultRules()
	epoch := rules.EpochAt(noon)
	start, _ := rules.EpochSpan(epoch)
	expiries := map[time.Time]int{}
	for i := range 1000 {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(i)))
		offset := time.Duration(binary.BigEndian.Uint64(sum[:]) % uint64(rules.RotationSpread()))
		expiries[rules.SheetExpiry(start.Add(offset), start.Add(offset+20*time.Hour), epoch)]++
	}
	if ticks := int(rules.RotationSpread() / rules.Cycle); len(expiries) > ticks+1 {
		t.Errorf("%d different expiries, at most %d ticks", len(expiries), ticks)
	}
}
