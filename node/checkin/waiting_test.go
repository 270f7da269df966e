package checkin

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/node/checkin/popp"
	"pieks/store"
)

func delivered(compact string, workplace popp.WorkplaceID) *popp.Token {
	return &popp.Token{Kind: popp.KindPoPP, Hash: popp.HashOf(compact), Claims: popp.Claims{
		ProofMethod: popp.ProofHealthID, PatientProofTime: noon.Add(-time.Minute).Unix(), PatientID: erikaKVNR, InsurerID: "109500969",
	}}
}

func (k *kit) waiting() []string {
	k.t.Helper()
	list := []string{}
	for _, d := range must(k.arrivals.Waiting()) {
		list = append(list, d.Token+" "+string(d.Workplace))
	}
	slices.Sort(list)
	return list
}

// However tokens come and go, each waits once until it is an arrival or was dropped, and never again after it was used.
func TestWaitingModel(t *testing.T) {
	k := newKit(t)
	rapid.Check(t, func(t *rapid.T) {
		k.forget()
		waits, used, arrived := map[string]string{}, map[string]bool{}, 0
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			compact := fmt.Sprintf("a.%d.%d", rapid.IntRange(0, 3).Draw(t, "token"), rapid.IntRange(0, 1).Draw(t, "signature"))
			name := compact[:3]
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				n, err := k.arrivals.Keep(t.Context(), []Delivered{{compact, "W"}, {compact, "V"}})
				if _, known := waits[name]; !known && !used[name] {
					waits[name] = compact + " W"
				}
				if err != nil || n != len(waits) {
					t.Fatalf("%d wait, want %d: %v", n, len(waits), err)
				}
			case 1:
				_, err := k.arrivals.AddToken(t.Context(), delivered(compact, ""), compact, "W")
				if (err == nil) == used[name] && arrived < perCardAndDay {
					t.Fatalf("used %v: %v", used[name], err)
				}
				if err == nil {
					used[name], arrived = true, arrived+1
					delete(waits, name)
				}
				if a, err := k.arrivals.Of(compact); used[name] != (err == nil) || err == nil && a.KVNR != erikaKVNR {
					t.Fatalf("%+v %v", a, err)
				}
			case 2:
				if err := k.arrivals.Drop(t.Context(), compact); err != nil {
					t.Fatal(err)
				}
				delete(waits, name)
			}
			want := []string{}
			for _, text := range waits {
				want = append(want, text)
			}
			slices.Sort(want)
			if got := k.waiting(); !slices.Equal(got, want) {
				t.Fatalf("%q wait, want %q", got, want)
			}
		}
	})
}

// What waits goes after a week, and its key says nothing of it.
func TestWaitingEnds(t *testing.T) {
	k := newKit(t)
	if n, err := k.arrivals.Keep(t.Context(), []Delivered{{"a.b.c", "W"}, {"d.e.f", ""}}); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	err := k.store.Audit(func(bucket string, key, _ []byte) error {
		if bucket == bucketWaiting.Name() && (len(key) != 32 || slices.Equal(key, []byte("a.b.c"))) {
			return fmt.Errorf("a key of %d bytes", len(key))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	k.clock.Advance(keepWaiting)
	if got := k.waiting(); len(got) != 2 {
		t.Errorf("%q", got)
	}
	k.clock.Advance(time.Second)
	if got := k.waiting(); len(got) != 0 {
		t.Errorf("%q", got)
	}
	if _, err := k.store.Sweep(t.Context(), k.clock.Now()); err != nil {
		t.Fatal(err)
	}
	left := 0
	if err := k.store.View(func(tx *store.Tx) (err error) { left, err = waitingIn(tx); return err }); err != nil || left != 0 {
		t.Error(left, err)
	}
	if _, err := k.arrivals.Keep(t.Context(), []Delivered{{string(make([]byte, maxToken+1)), ""}}); err == nil {
		t.Error("a token of any length was kept")
	}
}

// However much comes, there is an end of what is kept.
func TestWaitingLimit(t *testing.T) {
	k := newKit(t)
	var many []Delivered
	for i := range 2*MaxWaiting + 1 {
		many = append(many, Delivered{fmt.Sprintf("a.%d.c", i), ""})
	}
	_, err := k.arrivals.Keep(t.Context(), many)
	is(t, err, errFull)
	if got := k.waiting(); len(got) != 0 {
		t.Errorf("%d are kept all the same", len(got))
	}
	if n, err := k.arrivals.Keep(t.Context(), many[1:]); err != nil || n != 2*MaxWaiting {
		t.Error(n, err)
	}
}

// waitingProcess keeps tokens, makes an arrival of one and kills itself: with "told" between fsync and return, with "before" before that arrival.
func waitingProcess(dir, when string) {
	k := kitIn(quietTB{}, dir)
	die := func() { _ = must(os.FindProcess(os.Getpid())).Kill(); select {} }
	must(k.arrivals.Keep(quietTB{}.Context(), []Delivered{{"a.b.c", "W"}, {"d.e.f", "V"}}))
	if when == "before" {
		die()
	}
	k.arrivals.onChange = die
	must(k.arrivals.AddToken(quietTB{}.Context(), delivered("a.b.c", ""), "a.b.c", "W"))
}

// A practice that is killed loses no token, and has none twice.
func TestKilledWithTokens(t *testing.T) {
	for when, want := range map[string]struct {
		waits    []string
		arrivals int
	}{
		"before": {[]string{"a.b.c W", "d.e.f V"}, 0}, "told": {[]string{"d.e.f V"}, 1},
	} {
		dir := memoryDir(t)
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childEnv+"="+dir, waitEnv+"="+when)
		if err := child.Run(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("%s: it was not killed: %v", when, err)
		}
		k := kitIn(t, dir)
		if got := k.waiting(); !slices.Equal(got, want.waits) {
			t.Errorf("%s: %q wait", when, got)
		}
		k.arrived(want.arrivals)
		_, err := k.arrivals.AddToken(t.Context(), delivered("a.b.c", ""), "a.b.c", "W")
		if (err == nil) != (want.arrivals == 0) {
			t.Errorf("%s: %v", when, err)
		}
		k.arrived(1)
	}
}
