package patient

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/healthid"
	"pieks/node/checkin/healthid/testidp"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

const back = "http://127.0.0.1:7400/checkin/login/back"

// insured sets up an insurer, the practice's check of it, and a patient's node.
func insured(t *testing.T, p *empfang) (*Node, *testidp.Running) {
	t.Helper()
	idp, err := testidp.Start(testidp.Config{Now: p.clock.Now})
	check(t, err)
	t.Cleanup(idp.Close)
	cfg := healthid.Config{List: idp.List(), ClientID: "pieks", Now: p.clock.Now}
	verifier, err := healthid.NewVerifier(cfg)
	check(t, err)
	p.login = verifier.VerifyAt
	return p.patient(CheckinConfig{HealthID: cfg, SetupURL: "https://insurer.example/setup"}), idp
}

// loggedIn logs in as one of the test insurer's persons; -1 declines.
func loggedIn(t *testing.T, n *Node, id, insurer string, who int) (control.Checkin, error) {
	t.Helper()
	at, err := n.checkins.beginLogin(t.Context(), control.CheckinLogin{ID: id, Insurer: insurer, Back: back})
	check(t, err)
	came, err := testidp.Click(t.Context(), at.URL, who)
	check(t, err)
	if !strings.HasPrefix(came.String(), back) { // the guard of a PoPP service is between
		browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		answer, err := browser.Get(came.String())
		check(t, err)
		check(t, answer.Body.Close())
		came, err = answer.Location()
		check(t, err)
	}
	q := came.Query()
	return n.checkins.loggedIn(t.Context(), control.CheckinLoggedIn{State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error")})
}

// With the GesundheitsID, at a practice that is there and at one that is away.
func TestCheckinWithHealthID(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n, idp := insured(t, p)
	s := agreed(t, n, control.CheckinBegin{Workplace: "REZEPTION-1"})
	if strings.Join(s.Proofs, " ") != "healthid egk" {
		t.Errorf("%v are offered", s.Proofs)
	}
	o, err := n.checkins.showOptions(t.Context())
	check(t, err)
	if !o.HealthID || len(o.Insurers) != 1 || o.Insurers[0].ID != idp.Issuer {
		t.Errorf("%+v", o)
	}
	if _, err := n.checkins.beginLogin(t.Context(), control.CheckinLogin{ID: s.ID, Back: back}); control.CodeOf(err) != control.CodeInsurer {
		t.Errorf("no insurer: %v", err)
	}
	evil := control.CheckinLogin{ID: s.ID, Insurer: idp.Issuer, Back: "https://evil.example/"}
	if _, err := n.checkins.beginLogin(t.Context(), evil); control.CodeOf(err) != control.CodeBack {
		t.Errorf("back to somebody else: %v", err)
	}
	done, err := loggedIn(t, n, s.ID, idp.Issuer, 0)
	check(t, err)
	if done.State != control.CheckinStateSuccess || done.Proof != control.ProofHealthID || done.OfferHealthID {
		t.Errorf("%+v", done)
	}
	if all := p.arrived(); len(all) != 1 || all[0].KVNR != testidp.Persons[0].KVNR || all[0].Proof != popp.ProofHealthID || all[0].Name != "" {
		t.Errorf("%+v", all)
	}

	p.away(n)
	s = agreed(t, n, control.CheckinBegin{})
	waits, err := loggedIn(t, n, s.ID, "", 1) // the insurer of last time
	check(t, err)
	if waits.State != control.CheckinStatePending {
		t.Errorf("%+v", waits)
	}
	clock.Advance(3 * time.Hour) // the ID token is good for minutes, and was good then
	p.readLetters(n)
	if now, err := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID}); err != nil || now.State != control.CheckinStateSuccess {
		t.Errorf("%+v %v", now, err)
	}
	// Who has a GesundheitsID is not asked to set one up, and one's own card counts all the same.
	p.back(n)
	s = agreed(t, n, control.CheckinBegin{LoginEGK: true})
	if done := tapped(t, n, s.ID); done.OfferHealthID || done.State != control.CheckinStateSuccess {
		t.Errorf("%+v", done)
	}
}

// A login that was broken off, declined, or is somebody else's changes nothing: the check-in can still be proved.
func TestLoginBroken(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n, idp := insured(t, p)
	s := agreed(t, n, control.CheckinBegin{})
	if _, err := loggedIn(t, n, s.ID, idp.Issuer, -1); control.CodeOf(err) != control.CodeLogin {
		t.Errorf("declined: %v", err)
	}
	at, err := n.checkins.beginLogin(t.Context(), control.CheckinLogin{ID: s.ID, Insurer: idp.Issuer, Back: back})
	check(t, err)
	came, err := testidp.Click(t.Context(), at.URL, 0)
	check(t, err)
	in := control.CheckinLoggedIn{State: came.Query().Get("state"), Code: came.Query().Get("code")}
	for what, wrong := range map[string]control.CheckinLoggedIn{"state": {State: "x", Code: in.Code}, "nothing": {}} {
		if _, err := n.checkins.loggedIn(t.Context(), wrong); control.CodeOf(err) != control.CodeLogin {
			t.Errorf("%s: %v", what, err)
		}
	}
	if now, _ := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID}); now.State != control.CheckinStateProof {
		t.Errorf("%+v", now)
	}
	done, err := n.checkins.loggedIn(t.Context(), in)
	if err != nil || done.State != control.CheckinStateSuccess {
		t.Fatalf("%+v %v", done, err)
	}
	if _, err := n.checkins.loggedIn(t.Context(), in); control.CodeOf(err) != control.CodeLogin {
		t.Errorf("once more: %v", err)
	}
	// Not for somebody else, and not where the calling app wants the card (T30).
	for _, begin := range []control.CheckinBegin{{OtherPerson: true}, {LoginEGK: true}} {
		s := agreed(t, n, begin)
		_, err := n.checkins.beginLogin(t.Context(), control.CheckinLogin{ID: s.ID, Insurer: idp.Issuer, Back: back})
		if control.CodeOf(err) != control.CodeNoHealthID {
			t.Errorf("%+v: %v", begin, err)
		}
	}
	// Too late.
	s = agreed(t, n, control.CheckinBegin{})
	at, err = n.checkins.beginLogin(t.Context(), control.CheckinLogin{ID: s.ID, Insurer: idp.Issuer, Back: back})
	check(t, err)
	if came, err = testidp.Click(t.Context(), at.URL, 0); err != nil {
		t.Fatal(err)
	}
	clock.Advance(loginWithin)
	in = control.CheckinLoggedIn{State: came.Query().Get("state"), Code: came.Query().Get("code")}
	if _, err := n.checkins.loggedIn(t.Context(), in); control.CodeOf(err) != control.CodeLogin {
		t.Errorf("too late: %v", err)
	}
	for range maxLogins + 5 {
		_, err := n.checkins.beginLogin(t.Context(), control.CheckinLogin{ID: agreed(t, n, control.CheckinBegin{}).ID, Insurer: idp.Issuer, Back: back})
		check(t, err)
	}
	n.checkins.mu.Lock()
	defer n.checkins.mu.Unlock()
	if len(n.checkins.logins) > maxLogins {
		t.Errorf("%d logins are remembered", len(n.checkins.logins))
	}
}
