package network

import (
	"time"

	"pieks/node/disclosure"
)

// Disclosure says when relays publish what patients disclosed. It is the network's to say, since the number is what patients are promised.
type Disclosure struct {
	Least uint32 `cbor:"1,keyasint"` // a list has at least so many items, unless the oldest has waited Wait
	Cycle uint64 `cbor:"2,keyasint"` // seconds between two times of publication
	Wait  uint64 `cbor:"3,keyasint"` // seconds
}

func (d *Disclosure) check() error {
	if d != nil && (d.Least < 1 || d.Least > maxDisclosed || d.Cycle < 1 || d.Cycle > maxDisclosureCycle || d.Wait < d.Cycle || d.Wait > maxDisclosureWait) {
		return contradiction("disclosures are not published from 1 to %d items on, every 1 to %d seconds, after at most %d seconds", maxDisclosed, maxDisclosureCycle, maxDisclosureWait)
	}
	return nil
}

// DisclosureRules is what the bundle says about disclosures.
func (b *Bundle) DisclosureRules() disclosure.Rules {
	d := b.Disclosure
	if d == nil {
		return disclosure.DefaultRules()
	}
	return disclosure.Rules{K: int(d.Least), Cycle: time.Duration(d.Cycle) * time.Second, MaxWait: time.Duration(d.Wait) * time.Second}
}
