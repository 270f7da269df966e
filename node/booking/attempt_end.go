package booking

import (
	"fmt"

	"pieks/gossip/wire"
)

// GiveUp ends an attempt that its user no longer wants, and says whether it did: what was confirmed is cancelled by an order. Afterwards nothing can be
// confirmed any more.
func (a *Attempt) GiveUp() bool {
	if a.d.State != Pending && a.d.State != Offered {
		return false
	}
	a.d.State, a.d.Nonce, a.d.Confirm = Cancelled, [32]byte{}, nil
	return true
}

// Lapse ends an offer that the front itself says is no longer held, or that nobody can be asked about. Use it only for an answer on a stream, whose other end
// is P.
func (a *Attempt) Lapse() bool {
	if a.d.State != Offered {
		return false
	}
	a.d.State, a.d.Reason = Expired, ReasonExpired
	return true
}

// Refuse ends an attempt whose answer this side does not take, such as an offer without a valid practice card. As for Lapse, only for an answer on a stream: a
// mailbox takes letters from anyone.
func (a *Attempt) Refuse() bool {
	if a.d.State != Pending {
		return false
	}
	a.d.State = Refused
	return true
}

// Release is the message that gives a hold back at once instead of letting it lapse: a confirm that does not open the commitment, which voids the hold, and which
// says nothing of the patient. offer is the message with the offer. Only after GiveUp.
func (a *Attempt) Release(offer []byte) ([]byte, error) {
	m, err := Decode(offer)
	if err != nil {
		return nil, err
	}
	if m.Kind != KindOffer || a.d.State != Cancelled || a.d.Receipt != nil {
		return nil, ErrStep
	}
	return a.release(m.Body)
}

// ReleaseShown is Release for the offer that was taken up.
func (a *Attempt) ReleaseShown() ([]byte, error) {
	if a.d.State != Cancelled || a.d.Receipt != nil || len(a.d.Offer) == 0 {
		return nil, ErrStep
	}
	return a.release(a.d.Offer)
}

func (a *Attempt) release(offer []byte) ([]byte, error) {
	body, err := wire.SignObject(TypeConfirm, a.Box(), Confirm{Version: Version, Key: a.Key(), Offer: offerHash(offer)})
	if err != nil {
		return nil, fmt.Errorf("give the offer back: %w", err)
	}
	return Encode(KindConfirm, body)
}
