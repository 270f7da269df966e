package booking

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
)

const childEnv = "PIEKS_BOOKING_CHILD"

// TestMain turns the test binary into a practice that can be killed: see TestKilledPractice and TestKilledMove.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := practiceProcess(dir); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(moverEnv); dir != "" {
		if err := moverProcess(dir); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const childSlots = 40

// practiceProcess answers framed messages from stdin on stdout, each in its own goroutine, until it is killed. A frame is 8 bytes of the
// asker's number and the message; the first frame out is the sheet.
func practiceProcess(dir string) error {
	t := &quietTB{}
	k := kitIn(t, dir)
	if len(k.ledger.Appointments()) == 0 {
		k.offer(childSlots)
	}
	sheet, err := wire.Marshal(k.sheet().Sheet)
	if err != nil {
		return err
	}
	if err := wire.WriteFrame(os.Stdout, sheet); err != nil {
		return err
	}
	var mu sync.Mutex
	for {
		frame, err := wire.ReadFrame(os.Stdin, MaxMessage+8)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			handle := k.front.Handle
			if m, err := Decode(frame[8:]); err == nil && m.Kind == KindOrder {
				handle = k.desk.Handle
			}
			reply, _ := handle(context.Background(), Origin{}, frame[8:])
			mu.Lock()
			defer mu.Unlock()
			_ = wire.WriteFrame(os.Stdout, append(frame[:8:8], reply...))
		}()
	}
}

// quietTB lets a kit be made outside of a test.
type quietTB struct{ testing.TB }

func (quietTB) Helper()                      {}
func (quietTB) Context() context.Context     { return context.Background() }
func (quietTB) Cleanup(func())               {}
func (quietTB) Fatal(args ...any)            { panic(args) }
func (quietTB) Fatalf(f string, args ...any) { panic(f) }

// child is a practice in its own process.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	sheet gossip.Signed
	mu    sync.Mutex
	wait  map[uint64]chan []byte
	next  uint64
	dead  chan struct{}
}

func startChild(t *testing.T, dir string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(os.Args[0]), wait: map[uint64]chan []byte{}, dead: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), childEnv+"="+dir)
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in = in
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	frame, err := wire.ReadFrame(out, 64<<10)
	if err == nil {
		err = wire.Unmarshal(frame, &c.sheet.Sheet)
	}
	if err != nil {
		t.Fatalf("the practice did not start: %v", err)
	}
	go func() {
		defer close(c.dead)
		for {
			frame, err := wire.ReadFrame(out, MaxMessage+8)
			if err != nil {
				return
			}
			c.mu.Lock()
			c.wait[binary.BigEndian.Uint64(frame)] <- frame[8:]
			c.mu.Unlock()
		}
	}()
	return c
}

// ask gives the reply, or nil when the practice died.
func (c *child) ask(msg []byte) []byte {
	answer := make(chan []byte, 1)
	c.mu.Lock()
	c.next++
	c.wait[c.next] = answer
	err := wire.WriteFrame(c.in, append(binary.BigEndian.AppendUint64(nil, c.next), msg...))
	c.mu.Unlock()
	if err != nil {
		return nil
	}
	select {
	case reply := <-answer:
		return reply
	case <-c.dead:
		return nil
	}
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.dead
	_ = c.cmd.Wait()
}

// TestKilledPractice kills the practice again and again while patients book. Whoever got a receipt finds the booking; whoever
// does not know gets one clear answer from the next process; a slot never has two receipts.
func TestKilledPractice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir() // on a real disk, where commits take their time
	receipts := map[BookingID]*Attempt{}
	var unsure []*Attempt
	var mu sync.Mutex
	check := (&kit{licence: testLicence()}).check()
	killed, cut := 0, 0
	for round := 0; round < 25; round++ {
		c := startChild(t, dir)
		for _, a := range unsure { // first of all, those who were cut off repeat their message
			settle(t, c, a, receipts)
		}
		cut += len(unsure)
		unsure = nil
		slots := c.sheet.Sheet.Slots
		if len(slots) == 0 {
			c.kill()
			break
		}
		end := time.AfterFunc(time.Duration(rand.IntN(20))*time.Millisecond, func() { _ = c.cmd.Process.Kill() })
		var wg sync.WaitGroup
		for p := range 6 {
			wg.Go(func() {
				for i := range slots {
					a, err := NewAttempt(&c.sheet, slotIDs(slots[(p+i)%len(slots)].ID), nil, noon)
					if err != nil {
						t.Error(err)
						return
					}
					reply := c.ask(must[[]byte](t)(a.Request()))
					if reply == nil {
						return
					}
					if _, err := a.Offer(reply, check, noon); err != nil {
						continue
					}
					confirm := must[[]byte](t)(a.Confirm(erika, noon))
					reply = c.ask(confirm)
					mu.Lock()
					if reply == nil {
						unsure = append(unsure, a)
					} else if r, err := a.Receipt(reply, noon); err == nil {
						receipts[r.Booking] = a
					} else {
						t.Errorf("confirm: %v", err)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if end.Stop() {
			c.kill()
		} else {
			<-c.dead
			_ = c.cmd.Wait()
			killed++
		}
	}
	k := kitIn(t, dir)
	defer k.close()
	taken := map[AppointmentID]BookingID{}
	for _, b := range must[[]Booking](t)(k.ledger.Bookings()) {
		if other, twice := taken[b.Visits[0].Appointment]; twice {
			t.Errorf("bookings %v and %v have one appointment", b.ID, other)
		}
		taken[b.Visits[0].Appointment] = b.ID
	}
	starts := map[time.Time]bool{}
	for id, a := range receipts {
		if starts[a.Visits()[0].Start] {
			t.Error("two receipts for one slot")
		}
		starts[a.Visits()[0].Start] = true
		if b, err := k.ledger.Booking(id); err != nil || b.Key != a.Key() || b.State != Booked {
			t.Errorf("a patient has a receipt and no booking: %v", err)
		}
		if err := k.order(a, ActionStatus); err != nil {
			t.Errorf("status: %v", err)
		}
	}
	if err := k.store.Check(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("killed %d times within bookings, %d patients cut off, %d receipts", killed, cut, len(receipts))
	if len(receipts) == 0 {
		t.Error("nobody booked: the test shows nothing")
	}
}

// settle repeats the confirm of a patient who was cut off, and asks the desk: both must agree.
func settle(t *testing.T, c *child, a *Attempt, receipts map[BookingID]*Attempt) {
	t.Helper()
	r, err := a.Receipt(c.ask(must[[]byte](t)(a.Confirm(erika, noon))), noon)
	if err != nil {
		t.Errorf("a repeated confirm: %v", err) // the hold was on the disk before the offer, and the clock stands
		return
	}
	again, err := a.Receipt(c.ask(must[[]byte](t)(a.Order(ActionStatus, noon))), noon)
	if err != nil || again.Booking != r.Booking {
		t.Errorf("desk and front do not agree: %v", err)
	}
	receipts[r.Booking] = a
}
