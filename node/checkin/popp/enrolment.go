package popp

import (
	"fmt"
	"time"

	"pieks/card"
)

// CheckEnrolment chains the key of a verified presence token to the card of its practice: the enrolment beside the key has to hold under roots, and
// its device, Telematik-ID and profession have to be those of the token. It has to hold when the token was issued, or now: a practice renews its
// enrolment within the quarter in which its tokens hold, and shows only the newest.
func CheckEnrolment(t *Token, keys *KeySet, roots card.Roots, at time.Time) (*card.Licence, error) {
	l, err := checkEnrolment(t, keys, roots, at)
	if err != nil {
		return nil, fmt.Errorf("check whose presence token it is: %w", err)
	}
	return l, nil
}

func checkEnrolment(t *Token, keys *KeySet, roots card.Roots, at time.Time) (*card.Licence, error) {
	if t.Kind != KindPresence {
		return nil, ErrKind
	}
	cms := keys.Enrolment(t.KeyID)
	if cms == nil {
		return nil, ErrNoEnrolment
	}
	l, err := card.VerifyEnrolment(cms, roots, at)
	if err != nil {
		var then error
		if l, then = card.VerifyEnrolment(cms, roots, t.Claims.Issued()); then != nil {
			return nil, err
		}
	}
	if PresenceKeyID(l.Statement.Device[:]) != t.KeyID || l.TelematikID != t.Claims.ActorID || l.Profession != t.Claims.ActorProfessionOID {
		return nil, ErrEnrolled
	}
	return l, nil
}
