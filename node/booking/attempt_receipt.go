package booking

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"pieks/gossip/wire"
)

// Receipt reads the reply to a confirm or an order. A refusal is a *RefusedError, and State says what it means.
func (a *Attempt) Receipt(reply []byte, now time.Time) (Receipt, error) {
	m, err := Decode(reply)
	if err != nil {
		return Receipt{}, err
	}
	switch m.Kind {
	case KindRefusal:
		return Receipt{}, a.refused(m.Body)
	case KindReceipt:
		return a.takeReceipt(TypeReceipt, m.Body)
	case KindNotice:
		return a.takeReceipt(TypeNotice, m.Body)
	}
	return Receipt{}, fmt.Errorf("%w: kind %d", ErrMessage, m.Kind)
}

// Take reads any message that came for this attempt, on whatever way and in whatever order: offer, receipt, notice, refusal.
func (a *Attempt) Take(msg []byte, check Check, now time.Time) (Kind, error) {
	m, err := Decode(msg)
	if err != nil {
		return 0, err
	}
	switch m.Kind {
	case KindOffer:
		_, err = a.Offer(msg, check, now)
	default:
		_, err = a.Receipt(msg, now)
	}
	return m.Kind, err
}

// Receipted is the newest receipt or notice, if one came.
func (a *Attempt) Receipted() (Receipt, bool) {
	if a.d.Receipt == nil {
		return Receipt{}, false
	}
	return *a.d.Receipt, true
}

// Visits are the appointments as they stand: of the newest receipt, or else of the offer. Codes come with the first receipt.
func (a *Attempt) Visits() []Visit {
	var visits []Visit
	if r := a.d.Receipt; r != nil {
		for i, v := range r.Visits {
			visit := Visit{Start: unix(v.Start).In(berlin), End: unix(v.End).In(berlin), Vaccine: v.Vaccine, Dose: v.Dose, State: v.State}
			if i < len(a.d.Codes) {
				visit.Code = &a.d.Codes[i]
			}
			if key, told := v.room(); told {
				visit.Room = &key
			}
			visits = append(visits, visit)
		}
		return visits
	}
	return a.Offered()
}

// Offered are the appointments as they were offered, whatever the practice made of them since.
func (a *Attempt) Offered() []Visit {
	var visits []Visit
	if offer, ok := a.offer(); ok {
		for _, v := range offer.Visits {
			visits = append(visits, Visit{Start: unix(v.Start).In(berlin), End: unix(v.End).In(berlin), Vaccine: v.Vaccine, Dose: v.Dose, State: a.d.State})
		}
	}
	return visits
}

func (a *Attempt) takeReceipt(typ string, body []byte) (Receipt, error) {
	offer, ok := a.offer()
	if !ok || a.d.Unconfirmed {
		return Receipt{}, ErrReceipt
	}
	var r Receipt
	if err := wire.VerifyObject(typ, ed25519.PublicKey(offer.Device[:]), body, &r); err != nil {
		return Receipt{}, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	if err := checkReceipt(&r); err != nil {
		return Receipt{}, err
	}
	if r.Key != a.Key() || r.Device != offer.Device || len(r.Visits) != len(offer.Visits) {
		return Receipt{}, ErrReceipt
	}
	if old := a.d.Receipt; old != nil {
		if r.Booking != old.Booking {
			return Receipt{}, ErrReceipt
		}
		if r.Revision <= old.Revision {
			return *old, nil
		}
	} else if err := a.firstReceipt(offer, &r); err != nil {
		return Receipt{}, err
	}
	a.d.Receipt, a.d.State, a.d.Reason, a.d.DeskRelays = &r, r.State, 0, r.Relays
	return r, nil
}

// firstReceipt derives the verification tokens and lets go of what made them.
func (a *Attempt) firstReceipt(offer Offer, r *Receipt) error {
	for i, v := range offer.Visits {
		got := r.Visits[i]
		if r.Revision > 1 && got.Vaccine == v.Vaccine {
			continue // the first receipt was lost, and the practice has moved the visit since
		}
		if got.Start != v.Start || got.End != v.End || got.Vaccine != v.Vaccine || got.Dose != v.Dose {
			return fmt.Errorf("%w: not the appointment that was offered", ErrReceipt)
		}
	}
	var codes []Code
	for _, v := range offer.Visits {
		c, err := DeriveCode(v.Token, a.d.Nonce, offer.Nonce, v.Transcript)
		if err != nil {
			return err
		}
		codes = append(codes, c)
	}
	a.d.Codes, a.d.Nonce, a.d.Confirm = codes, [32]byte{}, nil
	return nil
}
