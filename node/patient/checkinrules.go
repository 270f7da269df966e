package patient

import (
	"errors"
	"slices"
	"time"

	"pieks/node/control"
)

// Refusals of what does not fit how a check-in stands.
var (
	errNoCheckin      = errors.New("there is no such check-in here: see pieks checkin history")
	errCheckinConsent = errors.New("look at the institution and agree first: nothing was sent yet")
	errCheckinState   = errors.New("this cannot be done as the check-in stands: see pieks checkin status")
	errProofLate      = errors.New("you agreed too long ago: begin the check-in again")
	errNoHealthID     = errors.New("the GesundheitsID cannot be used for this check-in: use the card (eGK)")
)

// checkinRecord is a check-in on disk, from the agreement on: what was not agreed to is never written down. Its state changes by the functions below
// alone. They are handed what they need, and read no clock.
//
//	consent -> proof -> success
//	              |-> pending -> success, canceled
//	              |-> canceled
type checkinRecord struct {
	State       string `cbor:"1,keyasint"` // control.CheckinState...
	Institution []byte `cbor:"2,keyasint"` // control.Institution as it was agreed to, JSON
	Workplace   string `cbor:"3,keyasint,omitempty"`
	Began       uint64 `cbor:"4,keyasint"`           // unix seconds
	Agreed      uint64 `cbor:"5,keyasint,omitempty"` // unix seconds
	Proved      uint64 `cbor:"6,keyasint,omitempty"` // unix seconds: when the proof was complete
	Ended       uint64 `cbor:"7,keyasint,omitempty"` // unix seconds
	Until       uint64 `cbor:"8,keyasint,omitempty"` // unix seconds: given up then
	Proof       string `cbor:"9,keyasint,omitempty"` // control.Proof...
	OtherPerson bool   `cbor:"10,keyasint,omitempty"`
	LoginEGK    bool   `cbor:"11,keyasint,omitempty"`
	CallBack    string `cbor:"12,keyasint,omitempty"`
	Why         string `cbor:"13,keyasint,omitempty"` // control.Code...
	Message     string `cbor:"14,keyasint,omitempty"`
	Via         string `cbor:"15,keyasint"`           // viaMesh or viaService
	Record      string `cbor:"16,keyasint,omitempty"` // its id at the practice or the service
	Offer       bool   `cbor:"17,keyasint,omitempty"` // to set a GesundheitsID up

	// Of a check-in in the mesh, as long as somebody may answer.
	Device   []byte   `cbor:"18,keyasint,omitempty"` // D
	Sealing  []byte   `cbor:"19,keyasint,omitempty"`
	Relays   []string `cbor:"20,keyasint,omitempty"` // of D
	Attempt  []byte   `cbor:"21,keyasint,omitempty"` // checkin.Attempt
	Envelope []byte   `cbor:"22,keyasint,omitempty"` // for D's mailbox, which only the practice can open
	Kept     uint64   `cbor:"23,keyasint,omitempty"` // unix seconds: until then some relay keeps it; 0: none took it yet

	GiveUp uint64 `cbor:"24,keyasint,omitempty"` // hours, as it was set then: what its user was told
}

const (
	viaMesh    = "mesh"
	viaService = "popp"
)

// verdict is what somebody says who decides: the practice by its signature, the PoPP service, or this node of a practice that it cannot reach.
type verdict struct {
	State   string // control.CheckinState...: success, pending or canceled
	Why     string
	Message string
	At      time.Time

	envelope []byte // sealed for the practice, to be posted
	record   string // its id at the service
}

func unix(t time.Time) uint64 { return uint64(max(t.Unix(), 0)) }

func at(seconds uint64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// agree takes the user's consent (A_27621).
func (r *checkinRecord) agree(now time.Time) error {
	if r.State != control.CheckinStateConsent {
		return errCheckinState
	}
	r.State, r.Agreed = control.CheckinStateProof, unix(now)
	return nil
}

// proofs are the ways that are offered. The GesundheitsID comes first where there is one, and is not offered for somebody else, nor where the calling
// app wants the card (A_28509, specification 7.3.1).
func (r *checkinRecord) proofs(healthID bool) []string {
	switch {
	case r.State != control.CheckinStateProof:
		return nil
	case healthID && !r.OtherPerson && !r.LoginEGK:
		return []string{control.ProofHealthID, control.ProofEGK}
	}
	return []string{control.ProofEGK}
}

// mayProve says why a way cannot be gone now: before the consent nothing is begun.
func (r *checkinRecord) mayProve(way string, healthID bool, now time.Time) error {
	switch {
	case r.State == control.CheckinStateConsent:
		return errCheckinConsent
	case r.State != control.CheckinStateProof:
		return errCheckinState
	case r.lapsed(now):
		return errProofLate
	case !slices.Contains(r.proofs(healthID), way):
		return errNoHealthID
	}
	return nil
}

// lapsed says that an agreement is too old to go on with. Nothing came of it, and nothing is kept.
func (r *checkinRecord) lapsed(now time.Time) bool {
	switch r.State {
	case control.CheckinStateConsent:
		return now.Sub(at(r.Began)) >= proveWithin
	case control.CheckinStateProof:
		return now.Sub(at(r.Agreed)) >= proveWithin
	}
	return false
}

// proved notes that the proof is complete: from here on the practice may have it.
func (r *checkinRecord) proved(way string, now time.Time) {
	if r.State == control.CheckinStateProof && r.Proved == 0 {
		r.Proof, r.Proved = way, unix(now)
	}
}

// tell takes a verdict, and says whether it changes anything. What was given up here may have reached the practice all the same: then that counts, since
// it is where the user's data are.
func (r *checkinRecord) tell(v verdict, now time.Time) (changed bool) {
	switch r.State {
	case control.CheckinStateProof, control.CheckinStatePending:
		if v.State == r.State || v.State == control.CheckinStateProof {
			return false
		}
	case control.CheckinStateCanceled:
		if v.State != control.CheckinStateSuccess || !r.givenUp() {
			return false
		}
	default:
		return false
	}
	r.State, r.Why, r.Message = v.State, v.Why, v.Message
	switch {
	case r.State == control.CheckinStateSuccess:
		r.Why = ""
	case r.State == control.CheckinStateCanceled && r.Why == "":
		r.Why = control.WhyRefused // for a reason that has no word
	}
	if !r.over() {
		return true
	}
	r.Ended = unix(now)
	if end := unix(v.At); !v.At.IsZero() && end <= r.Ended && end >= r.Began {
		r.Ended = end
	}
	r.Envelope, r.Kept = nil, 0
	return true
}

// givenUp says that this side ended it after the proof, so that the practice may know it better.
func (r *checkinRecord) givenUp() bool {
	return r.State == control.CheckinStateCanceled && r.Proved != 0 && (r.Why == control.CodeGiveUp || r.Why == control.CodeCheckinEnded)
}

// late says that a pending one waited long enough.
func (r *checkinRecord) late(now time.Time) bool {
	return r.State == control.CheckinStatePending && r.Until != 0 && unix(now) >= r.Until
}

// expire gives up what waited long enough, and says whether it did.
func (r *checkinRecord) expire(now time.Time) bool {
	if !r.late(now) {
		return false
	}
	return r.tell(verdict{State: control.CheckinStateCanceled, Why: control.CodeGiveUp, At: at(r.Until)}, now)
}

// end is its user's wish. forget says that nothing remains of it: the practice has not got the proof.
func (r *checkinRecord) end(now time.Time) (forget bool, err error) {
	switch r.State {
	case control.CheckinStateConsent, control.CheckinStateProof:
		r.State, r.Why = control.CheckinStateCanceled, control.CodeCheckinEnded
		return true, nil
	case control.CheckinStatePending:
		r.tell(verdict{State: control.CheckinStateCanceled, Why: control.CodeCheckinEnded}, now)
		return false, nil
	}
	return false, errCheckinState
}

// over says that its user waits for nothing any more.
func (r *checkinRecord) over() bool {
	return r.State == control.CheckinStateSuccess || r.State == control.CheckinStateCanceled
}

// listens says whether a word of the practice may still come by mail.
func (r *checkinRecord) listens(now time.Time) bool {
	switch {
	case r.Via != viaMesh || len(r.Attempt) == 0:
		return false
	case r.State == control.CheckinStatePending:
		return true
	}
	return r.givenUp() && now.Before(at(max(r.Ended, r.Until)).Add(listenOn))
}

// offersHealthID is whether to ask, after a check-in with one's own card, if a GesundheitsID should be set up (A_28513): where one can be set up, to
// somebody who has none, three times. done counts this one.
func offersHealthID(done uint64, canSetUp, hasOne bool) bool {
	return canSetUp && !hasOne && done <= healthIDOffers
}

// worn are the ids of those that are over and no longer kept: neither among the last ten, nor of the last month; never more than a hundred stay.
func worn(over map[string]uint64, now time.Time) []string {
	ids := make([]string, 0, len(over))
	for id := range over {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if over[a] != over[b] {
			if over[a] > over[b] {
				return -1
			}
			return 1
		}
		if a < b {
			return -1
		}
		return 1
	})
	var out []string
	for i, id := range ids {
		old := now.Sub(at(over[id])) >= keepCheckin
		if i >= shownCheckins && (old || i >= maxCheckins) {
			out = append(out, id)
		}
	}
	return out
}
