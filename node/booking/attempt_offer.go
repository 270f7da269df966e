package booking

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
)

// Check is how an offer's practice card is verified; a role fills it from the network bundle.
type Check struct {
	Licence func(enrolment []byte, at time.Time) (*card.Licence, error) // chain, profession, times
	Revoked func(device [32]byte) bool
	InArea  func(plz, area string) bool // whether a postcode lies in a sheet's area
}

// Verify checks a practice card that a device showed: chain, profession and times, that it is for this device, and that it was not revoked. All errors
// are ErrLicence.
func (c Check) Verify(enrolment []byte, device [32]byte, now time.Time) (*card.Licence, error) {
	licence, err := c.Licence(enrolment, now)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLicence, err)
	}
	if licence.Statement.Device != device {
		return nil, fmt.Errorf("%w: the card is for another device", ErrLicence)
	}
	if c.Revoked(device) {
		return nil, fmt.Errorf("%w: %w", ErrLicence, ErrShutOut)
	}
	return licence, nil
}

// OfferView is a verified offer, for the user to decide on.
type OfferView struct {
	Visits  []Visit
	Until   time.Time
	Licence card.Licence // practice and profession, as verified when the offer came
}

// Offer reads the reply to the request and verifies all of it before anything personal can leave: both signatures,
// transcript, times that fit the slots, practice card, revocation, area. A refusal is a *RefusedError.
func (a *Attempt) Offer(reply []byte, check Check, now time.Time) (OfferView, error) {
	m, err := Decode(reply)
	if err != nil {
		return OfferView{}, err
	}
	if m.Kind == KindRefusal {
		return OfferView{}, a.refused(m.Body)
	}
	if m.Kind != KindOffer {
		return OfferView{}, fmt.Errorf("%w: kind %d", ErrMessage, m.Kind)
	}
	if a.d.State == Confirmed || a.d.State == Offered && !now.After(a.Deadline()) {
		view, _ := a.View() // an offer was taken up, and what the user was shown does not change
		return view, nil
	}
	if a.d.State != Pending && a.d.State != Offered {
		return OfferView{}, ErrStep
	}
	offer, licence, err := a.verifyOffer(m.Body, check, now)
	if err != nil {
		return OfferView{}, err
	}
	if now.After(unix(offer.Until).Add(maxSkew)) {
		a.d.State, a.d.Reason = Expired, ReasonExpired
		return OfferView{}, &RefusedError{Reason: ReasonExpired}
	}
	a.d.State, a.d.Offer, a.d.Wait, a.d.DeskRelays = Offered, m.Body, 0, offer.Relays
	a.d.Shown = &shownCard{Statement: licence.Statement, Profession: licence.Profession, ProfessionName: licence.ProfessionName,
		TelematikID: licence.TelematikID, Holder: licence.Holder, NotAfter: uint64(max(0, licence.NotAfter.Unix()))}
	view, _ := a.View()
	return view, nil
}

// View is the offer that was verified, if one was.
func (a *Attempt) View() (OfferView, bool) {
	offer, ok := a.offer()
	if !ok {
		return OfferView{}, false
	}
	s := a.d.Shown
	return OfferView{Visits: a.Visits(), Until: unix(offer.Until).In(berlin), Licence: card.Licence{Statement: s.Statement, Signatory: card.Signatory{
		Profession: s.Profession, ProfessionName: s.ProfessionName, TelematikID: s.TelematikID, Holder: s.Holder, NotAfter: unix(s.NotAfter),
	}}}, true
}

// offer is the offer that was verified when it came.
func (a *Attempt) offer() (Offer, bool) {
	if len(a.d.Offer) == 0 || a.d.Shown == nil {
		return Offer{}, false
	}
	offer, _, err := readOffer(a.d.Offer, a.d.Front)
	return offer, err == nil
}

func (a *Attempt) verifyOffer(body []byte, check Check, now time.Time) (Offer, *card.Licence, error) {
	offer, device, err := readOffer(body, a.d.Front)
	if err != nil {
		return Offer{}, nil, err
	}
	if err := a.offerFits(offer); err != nil {
		return Offer{}, nil, err
	}
	licence, err := check.Verify(offer.Enrolment, device, now)
	if err != nil {
		return Offer{}, nil, err
	}
	if a.own() && device != a.d.Front {
		return Offer{}, nil, fmt.Errorf("%w: by another device than the list", ErrOffer)
	}
	if !a.own() && !check.InArea(licence.Statement.PLZ, a.d.Area) {
		return Offer{}, nil, ErrArea
	}
	return offer, licence, nil
}

// offerFits says whether the offer answers this request and keeps to what the sheet showed.
func (a *Attempt) offerFits(o Offer) error {
	key, tokens := a.Key(), a.Tokens()
	if o.Key != key || o.Front != a.d.Front || len(o.Visits) != len(tokens) {
		return fmt.Errorf("%w: other key, pseudonym or number of visits", ErrOffer)
	}
	commitment := Commit(tokens, key, a.d.Nonce)
	for i, v := range o.Visits {
		if v.Token != tokens[i] || v.Transcript != Transcript(v.Token, key, commitment, o.Nonce) {
			return fmt.Errorf("%w: another transcript", ErrOffer)
		}
		shown := Appointment{Start: unix(v.Start), End: unix(v.End), Vaccine: v.Vaccine, Dose: v.Dose}
		if shown.slot(a.d.Slots[i].ID) != a.d.Slots[i] || a.own() && a.d.Times[i] != (listedTime{v.Start, v.End}) {
			return fmt.Errorf("%w: it is not what was listed", ErrOffer)
		}
	}
	return nil
}

// readOffer checks form and both signatures of an offer's body and gives D, by which it is signed.
func readOffer(body []byte, front [32]byte) (Offer, [32]byte, error) {
	var o Offer
	outer, err := wire.ParseSigned(body)
	if err != nil {
		return o, o.Device, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	if err := outer.Verify(TypeOfferFront, ed25519.PublicKey(front[:])); err != nil {
		return o, o.Device, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	inner, err := wire.ParseSigned(outer.Payload)
	if err != nil {
		return o, o.Device, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	if err := wire.Unmarshal(inner.Payload, &o); err != nil {
		return o, o.Device, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	if err := inner.Verify(TypeOffer, ed25519.PublicKey(o.Device[:])); err != nil {
		return o, o.Device, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	return o, o.Device, checkOffer(o)
}

// checkOffer checks the bounds of an offer's fields.
func checkOffer(o Offer) error {
	switch {
	case o.Version != Version, o.Zone != Zone, len(o.Visits) < 1, len(o.Visits) > maxTokens, o.Until > maxUnix,
		len(o.Enrolment) > maxEnrolment, checkRelays(o.Relays) != nil:
		return fmt.Errorf("%w: a field is out of its bounds", ErrOffer)
	}
	for _, v := range o.Visits {
		if checkVisit(v.Start, v.End, v.Vaccine) != nil {
			return fmt.Errorf("%w: a visit is out of its bounds", ErrOffer)
		}
	}
	return nil
}

// offerHash names an offer in a confirm.
func offerHash(body []byte) [32]byte { return sha256.Sum256(body) }

// refused takes up a refusal and returns it as error.
func (a *Attempt) refused(body []byte) error {
	refused, err := readRefusal(body)
	if err != nil {
		return err
	}
	a.d.State = afterRefusal(a.d.State, refused.Reason)
	switch {
	case a.d.State == Pending && refused.Reason == ReasonWait:
		a.d.Wait = uint64(max(0, refused.Until.Unix()))
	case a.d.State == Offered && refused.Reason == ReasonPatient:
		a.d.Confirm = nil // to be filled in again
	case a.d.State.Ended() && a.d.Reason == 0:
		a.d.Reason = refused.Reason
	}
	return refused
}

// afterRefusal is the rule what a refusal means at a state. Answers to an earlier step, which a mailbox may bring late, mean nothing.
func afterRefusal(s State, r Reason) State {
	switch {
	case r == ReasonWait, r == ReasonBusy:
		return s
	case s == Pending && r == ReasonTaken:
		return Taken
	case s == Pending && r == ReasonExpired, s == Confirmed && (r == ReasonExpired || r == ReasonUnknown):
		return Expired
	case s == Confirmed && r == ReasonPatient:
		return Offered
	case s == Pending, s == Confirmed && r != ReasonTaken && r != ReasonLimit && r != ReasonReused && r != ReasonLate && r != ReasonAction:
		return Refused
	}
	return s
}
