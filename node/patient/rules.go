package patient

import (
	"errors"
	"fmt"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/booking"
)

// ErrInterval says that two appointments are not first and second dose of one vaccine.
var ErrInterval = errors.New("these two do not make a first and a second dose: choose the same vaccine, and days as far apart as it needs")

// fits checks that two slots can be the two doses of a vaccine, by the network's catalogue.
func fits(policy *gossip.Policy, slots []gossip.Slot) error {
	if len(slots) < 2 || policy == nil {
		return nil
	}
	first, second := slots[0], slots[1]
	vaccine := policy.Vaccines[first.Vaccine]
	apart := int(second.Day) - int(first.Day)
	if first.Vaccine != second.Vaccine || first.Dose > 1 || second.Dose == 1 || apart < vaccine.IntervalDays[0] || apart > vaccine.IntervalDays[1] {
		return fmt.Errorf("%w (%s: %d to %d days)", ErrInterval, first.Vaccine, vaccine.IntervalDays[0], vaccine.IntervalDays[1])
	}
	return nil
}

// check is how an offer's practice card is verified: by the network file of now.
func (n *Node) check() booking.Check {
	bundle := n.home.Network.Get()
	return booking.Check{
		Licence: func(cms []byte, at time.Time) (*card.Licence, error) {
			return card.VerifyEnrolment(cms, bundle.CardRoots(), at)
		},
		Revoked: func(device [32]byte) bool {
			for _, d := range bundle.Revoked {
				if d == device {
					return true
				}
			}
			return false
		},
		InArea: func(plz, area string) bool {
			policy := n.home.Network.Policy()
			return policy != nil && policy.Map.Area(place.PLZ(plz)) == area
		},
	}
}
