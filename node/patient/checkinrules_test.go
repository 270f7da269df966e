package patient

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/node/control"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// T30: which ways are offered, and that the GesundheitsID comes first where there is one.
func TestProofsOffered(t *testing.T) {
	for _, c := range []struct {
		state                 string
		healthID, other, call bool
		want                  []string
	}{
		{control.CheckinStateConsent, true, false, false, nil},
		{control.CheckinStateProof, true, false, false, []string{control.ProofHealthID, control.ProofEGK}},
		{control.CheckinStateProof, false, false, false, []string{control.ProofEGK}},
		{control.CheckinStateProof, true, true, false, []string{control.ProofEGK}},
		{control.CheckinStateProof, true, false, true, []string{control.ProofEGK}},
		{control.CheckinStatePending, true, false, false, nil},
		{control.CheckinStateSuccess, true, false, false, nil},
		{control.CheckinStateCanceled, true, false, false, nil},
	} {
		r := checkinRecord{State: c.state, Agreed: unix(noon), OtherPerson: c.other, LoginEGK: c.call}
		if got := r.proofs(c.healthID); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c, got)
		}
		for _, way := range []string{control.ProofEGK, control.ProofHealthID} {
			if err := r.mayProve(way, c.healthID, noon); (err == nil) != slices.Contains(c.want, way) {
				t.Errorf("%+v by %s: %v", c, way, err)
			}
		}
	}
}

func TestMayProve(t *testing.T) {
	for state, want := range map[string]error{
		control.CheckinStateConsent: errCheckinConsent, control.CheckinStateProof: nil, control.CheckinStatePending: errCheckinState,
		control.CheckinStateSuccess: errCheckinState, control.CheckinStateCanceled: errCheckinState,
	} {
		r := checkinRecord{State: state, Began: unix(noon), Agreed: unix(noon)}
		if err := r.mayProve(control.ProofEGK, false, noon.Add(time.Minute)); !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", state, err, want)
		}
	}
	r := checkinRecord{State: control.CheckinStateProof, Agreed: unix(noon)}
	if err := r.mayProve(control.ProofEGK, false, noon.Add(proveWithin-time.Second)); err != nil {
		t.Error(err)
	}
	if err := r.mayProve(control.ProofEGK, false, noon.Add(proveWithin)); !errors.Is(err, errProofLate) {
		t.Errorf("an hour later: %v", err)
	}
	if err := r.mayProve(control.ProofHealthID, false, noon); !errors.Is(err, errNoHealthID) {
		t.Errorf("no GesundheitsID: %v", err)
	}
}

// What is given up here counts again when the practice has it, and nothing else that was ended does.
func TestLateWord(t *testing.T) {
	success := verdict{State: control.CheckinStateSuccess}
	for _, c := range []struct {
		why    string
		proved uint64
		want   bool
	}{
		{control.CodeGiveUp, 1, true}, {control.CodeCheckinEnded, 1, true}, {control.CodeCheckinEnded, 0, false}, {control.CodeCardUnproven, 1, false},
		{control.CodeConsent, 0, false},
	} {
		r := checkinRecord{State: control.CheckinStateCanceled, Why: c.why, Proved: c.proved, Ended: 5}
		if got := r.tell(success, noon); got != c.want || (r.State == control.CheckinStateSuccess) != c.want {
			t.Errorf("%+v: %v, then %s", c, got, r.State)
		}
	}
	r := checkinRecord{State: control.CheckinStateCanceled, Why: control.CodeGiveUp, Proved: 1}
	if r.tell(verdict{State: control.CheckinStateCanceled, Why: control.CodeCardUnproven}, noon) {
		t.Error("a second end")
	}
}

func TestExpire(t *testing.T) {
	r := checkinRecord{State: control.CheckinStatePending, Began: unix(noon), Until: unix(noon.Add(time.Hour)), Proved: 1, Envelope: []byte{1}, Kept: 9}
	if r.expire(noon.Add(time.Hour - time.Second)) {
		t.Error("too early")
	}
	if !r.expire(noon.Add(2*time.Hour)) || r.State != control.CheckinStateCanceled || r.Why != control.CodeGiveUp || r.Ended != unix(noon.Add(time.Hour)) {
		t.Errorf("%+v", r)
	}
	if r.Envelope != nil || r.Kept != 0 {
		t.Error("what was to be posted is kept")
	}
	service := checkinRecord{State: control.CheckinStatePending}
	if service.expire(noon.Add(1000 * time.Hour)) {
		t.Error("one without an end")
	}
}

func TestOffersHealthID(t *testing.T) {
	for _, c := range []struct {
		done          uint64
		canSetUp, has bool
		want          bool
	}{{1, true, false, true}, {3, true, false, true}, {4, true, false, false}, {1, false, false, false}, {1, true, true, false}} {
		if got := offersHealthID(c.done, c.canSetUp, c.has); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// The last ten stay for good, others for thirty days, and never more than a hundred.
func TestWorn(t *testing.T) {
	over := map[string]uint64{}
	day := func(i int) time.Time { return noon.AddDate(0, 0, -i) }
	for i := range 40 {
		over[fmt.Sprintf("%02d", i)] = unix(day(i))
	}
	got := worn(over, noon)
	if len(got) != 10 || got[0] != "30" || got[9] != "39" {
		t.Errorf("%v", got)
	}
	if got := worn(over, noon.AddDate(1, 0, 0)); len(got) != 30 || slices.Contains(got, "09") || !slices.Contains(got, "10") {
		t.Errorf("a year later: %v", got)
	}
	many := map[string]uint64{}
	for i := range 130 {
		many[fmt.Sprintf("%03d", i)] = unix(noon)
	}
	if got := worn(many, noon); len(got) != 30 {
		t.Errorf("%d of 130 go", len(got))
	}
}

// A model: whatever happens in whatever order, no state is left that should not be, consent comes first, and success is final.
func TestCheckinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		r := checkinRecord{State: control.CheckinStateConsent, Began: unix(now), Via: viaMesh}
		agreed, proved := false, false
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			was := r
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				agreed = r.agree(now) == nil || agreed
			case 1:
				if r.mayProve(control.ProofEGK, false, now) != nil {
					break
				}
				r.Attempt, r.Until = []byte{1}, unix(now.Add(3*time.Hour))
				r.proved(control.ProofEGK, now)
				proved = true
				r.tell(verdict{State: rapid.SampledFrom([]string{"success", "pending", "canceled"}).Draw(t, "verdict"), Why: control.CodeCardUnproven}, now)
			case 2:
				if proved { // a practice says nothing about what it never got
					r.tell(verdict{State: control.CheckinStateSuccess, At: now.Add(time.Hour)}, now)
				}
			case 3:
				if proved {
					r.tell(verdict{State: control.CheckinStateCanceled, Why: control.CodeCardUnproven}, now)
				}
			case 4:
				r.expire(now)
			case 5:
				if forget, err := r.end(now); err == nil && forget {
					if proved {
						t.Fatal("forgotten though the practice may have it")
					}
					return
				}
			case 6:
				if r.lapsed(now) && (r.over() || r.State == control.CheckinStatePending) {
					t.Fatal("lapsed after its proof")
				}
			}
			check := func(ok bool, what string) {
				if !ok {
					t.Fatalf("%s: %+v, then %+v", what, was, r)
				}
			}
			check(r.State == control.CheckinStateConsent || agreed, "beyond the consent without one")
			check(r.Proved == 0 || proved, "a proof that nobody gave")
			check(was.State != control.CheckinStateSuccess || r.State == control.CheckinStateSuccess, "success was undone")
			check(r.over() == (r.Ended != 0), "an end without a time, or a time without an end")
			check(!r.over() || r.Envelope == nil, "what is over is still to be posted")
			check(r.State != control.CheckinStateCanceled || r.Why != "", "canceled without a reason")
			check(r.State != control.CheckinStateSuccess || r.Why == "", "success with a reason against it")
			check(r.Ended == 0 || at(r.Ended).Compare(now) <= 0 && r.Ended >= r.Began, "an end in the future, or before it began")
		}
	})
}

// Whatever was found last stays, and old results go.
func TestRemembered(t *testing.T) {
	var m remembered
	one := func(i int) control.Institution {
		return control.Institution{TelematikID: fmt.Sprintf("1-%d", i), Name: fmt.Sprint(i)}
	}
	for i := range maxRemembered + 5 {
		m.put([]control.Institution{one(i), one(i)}, noon)
	}
	if len(m.by) != maxRemembered || len(m.order) != maxRemembered || m.get("1-4", noon) != nil || len(m.get("1-5", noon)) != 2 {
		t.Errorf("%d, %d", len(m.by), len(m.order))
	}
	if m.get("1-9", noon.Add(rememberFor)) != nil {
		t.Error("too old")
	}
	m.put([]control.Institution{one(9)}, noon.Add(rememberFor))
	if len(m.get("1-9", noon.Add(rememberFor))) != 1 {
		t.Error("not replaced")
	}
}

func TestComesBack(t *testing.T) {
	for back, want := range map[string]bool{
		"http://127.0.0.1:7400/checkin/login/back": true, "http://localhost:7400/x": true, "http://[::1]:7400/x": true, "http://127.9.9.9/": true,
		"https://127.0.0.1/": false, "http://evil.example/": false, "http://127.0.0.1.evil.example/": false, "http://a@127.0.0.1/": false,
		"http://127.0.0.1/#x": false, "javascript:1": false, "": false, "http://10.0.0.1/": false,
	} {
		if got := comesBack(back); got != want {
			t.Errorf("%q: %v", back, got)
		}
	}
}
