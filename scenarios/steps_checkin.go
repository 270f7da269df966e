package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/control"
)

// ListingStep has a practice enter the directory, or leave it.
type ListingStep struct {
	At     string `yaml:"at"`
	Leave  bool   `yaml:"leave"`
	Alias  string `yaml:"alias"`
	Expect string `yaml:"expect"` // part of the refusal
}

// CodeStep has a practice make the check-in code of a workplace.
type CodeStep struct {
	At        string `yaml:"at"`
	Workplace string `yaml:"workplace"`
	As        string `yaml:"as"`     // name of the code in later steps
	Expect    string `yaml:"expect"` // part of the refusal
}

// CheckinStep is a check-in from the code on.
type CheckinStep struct {
	At     string `yaml:"at"`
	As     string `yaml:"as"`     // name of the check-in in later steps
	Code   string `yaml:"code"`   // name of a code
	Text   string `yaml:"text"`   // or a text that somebody scanned
	Refuse bool   `yaml:"refuse"` // the patient does not agree
	Person string `yaml:"person"` // whose virtual card it is; the node's own when left out
	KVNR   string `yaml:"kvnr"`   // on that card; tokens of one number for one institution in one second are the same
	Fresh  bool   `yaml:"fresh"`  // the insurer has not told the PoPP service of this card yet
	CA     string `yaml:"ca"`     // a name of another CA than the network's
	State  string `yaml:"state"`  // success when left out
	Expect string `yaml:"expect"` // part of the refusal, in place of a state
}

// EndStep gives a check-in up.
type EndStep struct {
	At      string `yaml:"at"`
	Checkin string `yaml:"checkin"`
	Expect  string `yaml:"expect"` // part of the refusal
}

func (r *runner) list(ctx context.Context, s ListingStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	return expected(node.Call(ctx, control.MethodListingSet, control.Listing{Listed: !s.Leave, Alias: s.Alias}, nil), s.Expect)
}

func (r *runner) hangUp(ctx context.Context, s CodeStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	var code control.CheckinCode
	err = node.Call(ctx, control.MethodCheckinCode, control.CheckinCodeOf{Workplace: s.Workplace}, &code)
	r.codes[s.As] = code.Text
	return expected(err, s.Expect)
}

func (r *runner) checkin(ctx context.Context, s CheckinStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	done, err := r.checkinAt(ctx, node, s)
	if err := expected(err, s.Expect); err != nil || s.Expect != "" {
		return err
	}
	r.checkins[s.As] = done
	want := s.State
	if want == "" {
		want = control.CheckinStateSuccess
	}
	if s.Refuse {
		want = control.CheckinStateCanceled
	}
	if done.State != want {
		return fmt.Errorf("the check-in is %s, not %s: %s %s", done.State, want, done.Why, done.Message)
	}
	return nil
}

// checkinAt goes from the code to the proof, as the pages and a reader do.
func (r *runner) checkinAt(ctx context.Context, node *Node, s CheckinStep) (done control.Checkin, err error) {
	text := s.Text
	if s.Code != "" {
		known := false
		if text, known = r.codes[s.Code]; !known {
			return done, fmt.Errorf("there is no code %q", s.Code)
		}
	}
	var target control.CheckinTarget
	if err := node.Call(ctx, control.MethodCheckinScan, control.CheckinScan{Text: text}, &target); err != nil {
		return done, err
	}
	begin := control.CheckinBegin{TelematikID: target.TelematikID, Workplace: target.Workplace}
	if err := node.Call(ctx, control.MethodCheckinBegin, begin, &done); err != nil {
		return done, err
	}
	consent := control.CheckinConsent{ID: done.ID, Agree: !s.Refuse}
	if err := node.Call(ctx, control.MethodCheckinConsent, consent, &done); err != nil || s.Refuse {
		return done, err
	}
	virtual, err := r.patientCard(s)
	if err != nil {
		return done, err
	}
	return tap(ctx, node, done.ID, virtual)
}

// tap brings each command of the dialogue to the card, and its answer back.
func tap(ctx context.Context, node *Node, id string, virtual card.Channel) (done control.Checkin, err error) {
	answer := control.CheckinAnswer{ID: id}
	for {
		var step control.CheckinStep
		if err := node.Call(ctx, control.MethodCheckinCard, answer, &step); err != nil {
			return done, err
		}
		if step.Checkin != nil {
			return *step.Checkin, nil
		}
		command, err := hex.DecodeString(step.Command)
		if err != nil {
			return done, err
		}
		response, err := virtual.Transmit(ctx, command)
		if err != nil {
			return done, err
		}
		answer.Response = hex.EncodeToString(response)
	}
}

// patientCard is a virtual eGK of the network's test PKI, or of a stranger's.
func (r *runner) patientCard(s CheckinStep) (card.Channel, error) {
	test := r.net.made.Bundle.Test
	if test == nil {
		return nil, fmt.Errorf("this is no test network")
	}
	day := r.net.made.Bundle.IssuedAt()
	ca, err := card.LoadTestCA(test.PrivateKey, test.Certificate)
	if s.CA != "" {
		ca, err = card.NewTestCA(sha256.Sum256([]byte(s.CA)), day)
	}
	if err != nil {
		return nil, err
	}
	pki, err := egk.TestPKIOf(ca, day)
	if err != nil {
		return nil, err
	}
	person := s.Person
	if person == "" {
		person = s.At
	}
	made := egk.VirtualOptions{Seed: sha256.Sum256([]byte(person)), Name: "Erika " + person, KVNR: s.KVNR, Now: day}
	holder, err := egk.NewPatient(pki, made)
	if err != nil {
		return nil, err
	}
	if !s.Fresh {
		if err := r.service.list(holder); err != nil {
			return nil, err
		}
	}
	return card.VirtualPatient(holder)
}

func (r *runner) endCheckin(ctx context.Context, s EndStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	known, ok := r.checkins[s.Checkin]
	if !ok {
		return fmt.Errorf("there is no check-in %q", s.Checkin)
	}
	return expected(node.Call(ctx, control.MethodCheckinEnd, control.CheckinName{ID: known.ID}, nil), s.Expect)
}

// checkinIn asks how a check-in stands at its patient.
func (r *runner) checkinIn(ctx context.Context, node *Node, s WaitStep) (bool, string, error) {
	known, ok := r.checkins[s.Checkin]
	if !ok {
		return false, fmt.Sprintf("there is no check-in %q", s.Checkin), nil
	}
	var c control.Checkin
	if err := node.Call(ctx, control.MethodCheckin, control.CheckinName{ID: known.ID}, &c); err != nil {
		return false, "no check-in", err
	}
	ok = c.State == s.State && (s.Why == "" || c.Why == s.Why)
	return ok, fmt.Sprintf("the check-in is %s: %s %s", c.State, c.Why, c.Message), nil
}

// arrived counts who has checked in at a practice.
func arrived(ctx context.Context, node *Node, s WaitStep) (bool, string, error) {
	var all []control.Arrival
	err := node.Call(ctx, control.MethodArrivals, control.ArrivalsQuery{Workplace: s.Workplace}, &all)
	return len(all) == *s.Arrivals, fmt.Sprintf("%d have arrived at %s", len(all), node.Name), err
}
