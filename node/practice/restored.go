package practice

import (
	"context"

	"pieks/node/booking"
)

// blockRestored blocks all open appointments of a practice whose store was put back to an earlier state: some of them may have been
// booked since, by patients that this store no longer knows. Reception unblocks a day after comparing it with what it knows.
func (n *Node) blockRestored(ctx context.Context) error {
	if !n.home.Restored() {
		return nil
	}
	var open []booking.AppointmentID
	for _, a := range n.ledger.Appointments() {
		if a.Status == booking.SlotOpen || a.Status == booking.SlotHeld {
			open = append(open, a.ID)
		}
	}
	blocked, err := n.ledger.Block(ctx, open)
	if err != nil {
		return err
	}
	n.log.Warn("this practice was restored: its open appointments are blocked until you have compared them with your calendar; then pieks slots unblock", "blocked", len(blocked))
	return n.home.Looked()
}
