package booking

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

const moverEnv = "PIEKS_BOOKING_MOVER"

const moverVisits = 30

// moverProcess moves a day of booked visits to the next one and takes that back, again and again, until it is killed. It writes a letter after each.
func moverProcess(dir string) error {
	k := kitIn(&quietTB{}, dir)
	ctx := context.Background()
	if len(k.ledger.Appointments()) == 0 {
		for _, id := range k.offer(moverVisits) {
			if _, err := k.ledger.Phone(ctx, PhoneOrder{Appointments: []AppointmentID{id}, Patient: erika}); err != nil {
				return err
			}
		}
	}
	for {
		changes, err := k.ledger.Changes()
		if err != nil {
			return err
		}
		said := "M"
		if len(changes) == 0 {
			_, err = k.desk.Move(ctx, MoveOrder{Day: tomorrow, ToDay: tomorrow.AddDate(0, 0, 1)})
		} else {
			_, err = k.desk.Undo(ctx, changes[0].ID)
			said = "U"
		}
		if err != nil {
			return err
		}
		if _, err := os.Stdout.WriteString(said); err != nil {
			return err
		}
	}
}

// TestKilledMove kills the practice within moves and undos. The day is there as a whole, the journal says where, what was answered is so, and
// whatever was moved can be taken back.
func TestKilledMove(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	revision := uint64(1)
	for range 20 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), moverEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		said := bufio.NewReader(out)
		before := must[byte](t)(said.ReadByte()) // it has begun
		acknowledged := 1
		end := time.AfterFunc(time.Duration(rand.IntN(30))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		for {
			if _, err := said.ReadByte(); err != nil {
				break
			}
			acknowledged++
		}
		end.Stop()
		_ = cmd.Wait()

		k := kitIn(t, dir)
		days := map[int]int{}
		for _, b := range must[[]Booking](t)(k.ledger.Bookings()) {
			days[b.Visits[0].Start.Day()]++
		}
		changes := must[[]Change](t)(k.ledger.Changes())
		moved := days[tomorrow.Day()+1] == moverVisits
		if len(days) != 1 || !moved && days[tomorrow.Day()] != moverVisits {
			t.Fatalf("visits by day: %v", days)
		}
		if moved != (len(changes) == 1) {
			t.Fatalf("moved %v, and %d changes in the journal", moved, len(changes))
		}
		// Each round begins with the day where it was; what was answered is done, and at most one change more.
		if before != 'M' {
			t.Fatalf("began with %c", before)
		}
		if done := int(must[[]Booking](t)(k.ledger.Bookings())[0].Revision - revision); done != acknowledged && done != acknowledged+1 {
			t.Fatalf("%d changes were answered, and %d are there", acknowledged, done)
		}
		if !k.remembers() {
			t.Error("memory and disk do not agree")
		}
		if moved {
			back := must[Change](t)(k.desk.Undo(t.Context(), changes[0].ID))
			if len(back.Visits) != moverVisits || back.Visits[0].Problem != "" {
				t.Fatalf("%+v", back.Visits[0])
			}
		}
		revision = must[[]Booking](t)(k.ledger.Bookings())[0].Revision
		if err := k.store.Check(t.Context()); err != nil {
			t.Error(err)
		}
		k.close()
	}
}
