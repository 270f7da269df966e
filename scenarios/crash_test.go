package scenarios

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pieks/node/control"
)

// A practice is killed again and again while patients book. Whoever was told "booked" has the appointment, nobody else has it, and what was
// pending ends one way or the other.
func TestKilledPracticeLosesNoBookingAndGivesNoneTwice(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	net, err := NewNet(ctx, NetConfig{Dir: t.TempDir(), Relays: 2, Cycle: time.Second, Hold: 5 * time.Second, Binary: path, Log: logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	}()
	doctor := net.AddPractice("praxis", PracticeSpec{PLZ: "90402"}.details("praxis"))
	var patients []*Node
	for _, name := range []string{"a", "b", "c"} {
		patients = append(patients, net.AddPatient(name, "90403"))
	}
	for _, name := range net.order {
		if err := net.nodes[name].Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	date, err := day("+3")
	if err != nil {
		t.Fatal(err)
	}
	if err := doctor.Call(ctx, control.MethodSlotsAdd, control.SlotsAdd{Day: date, From: "08:00", To: "16:00", Every: "5m", Vaccine: "comirnaty"}, nil); err != nil {
		t.Fatal(err)
	}
	one := 1
	for _, p := range patients {
		if err := until(ctx, 0, func(ctx context.Context) (bool, string, error) {
			return tokensSeen(ctx, p, WaitStep{AtLeast: &one})
		}); err != nil {
			t.Fatal(err)
		}
	}
	told := bookWhileKilled(ctx, t, doctor, patients)
	if len(told) < 3 {
		t.Errorf("only %d bookings were made: the kills prove little", len(told))
	}
	compare(ctx, t, doctor, patients, told)
}

// bookWhileKilled has all patients book one appointment after the other while the practice dies every second or so. It returns the
// bookings that a patient was told to have, by patient and id.
func bookWhileKilled(ctx context.Context, t *testing.T, doctor *Node, patients []*Node) map[string]control.Booking {
	const kills = 6
	over := make(chan struct{})
	var mu sync.Mutex
	told := map[string]control.Booking{}
	var wg sync.WaitGroup
	for _, p := range patients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-over:
					return
				default:
				}
				tokens, err := search(ctx, p, 0)
				if err != nil || len(tokens) == 0 {
					time.Sleep(50 * time.Millisecond) // nothing to book at the moment
					continue
				}
				in := person(p.Name)
				in.Tokens = []string{tokens[rand.IntN(len(tokens))].ID}
				var b control.Booking
				if err := p.Call(ctx, control.MethodBook, in, &b); err != nil {
					t.Logf("%s: %v", p.Name, err)
					continue
				}
				if b.State == "booked" {
					mu.Lock()
					told[p.Name+"/"+b.ID] = b
					mu.Unlock()
				}
			}
		}()
	}
	for range kills {
		time.Sleep(time.Duration(100+rand.IntN(1200)) * time.Millisecond) // the moment of the power cut
		if err := doctor.Kill(); err != nil {
			t.Error(err)
			break
		}
		if err := doctor.Start(ctx); err != nil {
			t.Errorf("after a kill: %v", err)
			break
		}
	}
	close(over)
	wg.Wait()
	return told
}

// compare holds the patients' lists against the practice's, once nothing is pending any more.
func compare(ctx context.Context, t *testing.T, doctor *Node, patients []*Node, told map[string]control.Booking) {
	final := map[string]string{} // start of the visit -> patient
	for _, p := range patients {
		var all []control.Booking
		err := until(ctx, 90*time.Second, func(ctx context.Context) (bool, string, error) {
			err := p.Call(ctx, control.MethodBookings, nil, &all)
			open := count(all, func(b control.Booking) bool { return b.State == "pending" || b.State == "offered" })
			return open == 0, p.Name + " has open bookings", err
		})
		if err != nil {
			t.Error(err)
		}
		for _, b := range all {
			if was, ok := told[p.Name+"/"+b.ID]; ok && b.State != "booked" {
				t.Errorf("%s was told that %s is booked, and now it is %s", p.Name, was.Visits[0].Start, b.State)
			}
			if b.State != "booked" {
				continue
			}
			start := b.Visits[0].Start.UTC().String()
			if other, taken := final[start]; taken {
				t.Errorf("%s and %s both have %s", other, p.Name, start)
			}
			final[start] = p.Name
		}
	}
	var all []control.Booking
	if err := doctor.Call(ctx, control.MethodBookings, nil, &all); err != nil {
		t.Fatal(err)
	}
	at := map[string]bool{}
	for _, b := range all {
		start := b.Visits[0].Start.UTC().String()
		if at[start] {
			t.Errorf("the practice has two bookings at %s", start)
		}
		at[start] = true
	}
	for start, patient := range final {
		if !at[start] {
			t.Errorf("%s has a booking at %s that the practice does not know", patient, start)
		}
	}
	t.Logf("%d bookings told, %d at the patients, %d at the practice", len(told), len(final), len(all))
}
