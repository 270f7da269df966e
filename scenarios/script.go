package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.yaml.in/yaml/v3"
)

// Script is a scenario file.
type Script struct {
	Name      string                  `yaml:"name"`
	About     string                  `yaml:"about"`
	Processes bool                    `yaml:"processes"`
	Network   ScriptNetwork           `yaml:"network"`
	Practices map[string]PracticeSpec `yaml:"practices"`
	Patients  map[string]PatientSpec  `yaml:"patients"`
	// Service is a PoPP service, a double, for institutions that are not in the mesh; nil: there is none.
	Service *ServiceSpec `yaml:"popp_service"`
	Steps   []Step       `yaml:"steps"`
}

// ScriptNetwork are the rules of a scenario's network; what is left out is as in a real one.
type ScriptNetwork struct {
	Relays int           `yaml:"relays"`
	Cycle  time.Duration `yaml:"cycle"`
	Epoch  time.Duration `yaml:"epoch"`
	Hold   time.Duration `yaml:"hold"`
	// Disclosure says when disclosed data are published.
	Disclosure *DisclosureSpec `yaml:"disclosure"`
	// Cards are the kinds of cards whose CAs the network trusts; none: a test network, in which practices enrol themselves.
	Cards []string `yaml:"cards"`
}

// DisclosureSpec are the rules of publication.
type DisclosureSpec struct {
	Least uint32        `yaml:"least"` // items of a list, unless the oldest has waited so long
	Cycle time.Duration `yaml:"cycle"`
	Wait  time.Duration `yaml:"wait"`
}

// PracticeSpec is a practice of a scenario.
type PracticeSpec struct {
	PLZ    string `yaml:"plz"`
	Name   string `yaml:"name"`
	Street string `yaml:"street"`
	Phone  string `yaml:"phone"`
	// Service has it be in the directory of the scenario's PoPP service, too, and fetch its check-ins there.
	Service bool `yaml:"popp_service"`
}

// PatientSpec is a patient of a scenario.
type PatientSpec struct {
	PLZ string `yaml:"plz"`
	// GiveUp is how long its check-ins wait for a practice; 0 is 72 hours.
	GiveUp time.Duration `yaml:"give_up"`
}

// Step is one step; exactly one of its fields is set.
type Step struct {
	Start    []string      `yaml:"start,omitempty"`     // nodes, together; also after stop or kill
	Stop     []string      `yaml:"stop,omitempty"`      // nodes, one after the other
	Kill     []string      `yaml:"kill,omitempty"`      // processes, as a power cut would
	Slots    *SlotsStep    `yaml:"slots,omitempty"`     // a practice offers appointments
	Block    *BlockStep    `yaml:"block,omitempty"`     // a practice blocks, unblocks or withdraws those of a day
	Wait     *WaitStep     `yaml:"wait,omitempty"`      // until a condition holds
	Request  *BookStep     `yaml:"request,omitempty"`   // a patient asks for an offer and does not confirm
	Book     *BookStep     `yaml:"book,omitempty"`      // a patient books
	Race     *RaceStep     `yaml:"race,omitempty"`      // patients book the same appointment at once
	Verify   *VerifyStep   `yaml:"verify,omitempty"`    // reception checks a code
	Cancel   *CancelStep   `yaml:"cancel,omitempty"`    // either side cancels
	PLZ      *PLZStep      `yaml:"plz,omitempty"`       // a patient moves
	Cut      []string      `yaml:"cut,omitempty"`       // two nodes refuse each other
	Heal     []string      `yaml:"heal,omitempty"`      // and no longer
	SamePool *SamePoolStep `yaml:"same_pool,omitempty"` // nodes come to hold the same sheets of a region
	Repeat   *RepeatStep   `yaml:"repeat,omitempty"`

	Enrol    *EnrolStep    `yaml:"enrol,omitempty"`    // a practice enrols with a card
	Revoke   *RevokeStep   `yaml:"revoke,omitempty"`   // the operators shut out a practice's device, or a card
	Disclose *DiscloseStep `yaml:"disclose,omitempty"` // a patient has data published
	Sign     *SignStep     `yaml:"sign,omitempty"`     // a professional signs for it
	Retract  *RetractStep  `yaml:"retract,omitempty"`  // a patient takes it back

	Listing *ListingStep `yaml:"listing,omitempty"` // a practice enters the directory, or leaves it
	Code    *CodeStep    `yaml:"code,omitempty"`    // a practice hangs a check-in code up
	Checkin *CheckinStep `yaml:"checkin,omitempty"` // a patient scans it, agrees and proves that they are there
	EndIt   *EndStep     `yaml:"end,omitempty"`     // a patient gives a check-in up
	Online  *OnlineStep  `yaml:"online,omitempty"`  // an institution of the PoPP service comes online, or goes
	Pull    *PullStep    `yaml:"pull,omitempty"`    // it fetches its tokens and verifies them
	Fetch   []string     `yaml:"fetch,omitempty"`   // practices of the network ask the PoPP service at once
}

// EnrolStep enrols a practice with a virtual card, as pieks card enrol does with one in a reader.
type EnrolStep struct {
	At         string `yaml:"at"`
	Card       string `yaml:"card"`       // hba, smcb, piv, uzi, egk; smcb when left out
	CA         string `yaml:"ca"`         // a name of another CA than the network's
	Profession string `yaml:"profession"` // another one than cards of the kind have
	PIN        string `yaml:"pin"`
	Expect     string `yaml:"expect"` // part of the refusal
}

// RevokeStep makes the next network file and gives it to the first relay.
type RevokeStep struct {
	Device string `yaml:"device"` // of this practice
	Card   string `yaml:"card"`   // with which this practice enrolled last
	Lift   bool   `yaml:"lift"`   // let it in again
}

// DiscloseStep has a patient disclose data, or the waiting rooms of the last days.
type DiscloseStep struct {
	At     string `yaml:"at"`
	As     string `yaml:"as"`     // name of the disclosure in later steps
	Data   string `yaml:"data"`   // empty: waiting rooms
	Bytes  int    `yaml:"bytes"`  // so many bytes of Data, repeated
	Expect string `yaml:"expect"` // part of the refusal
}

// SignStep has a professional at a practice sign.
type SignStep struct {
	At         string `yaml:"at"`
	Disclosure string `yaml:"disclosure"`
	Form       string `yaml:"form"`   // digits, words, qr; digits when left out
	Code       string `yaml:"code"`   // instead of a disclosure's
	Card       string `yaml:"card"`   // hba, smcb: of the test network's CA; empty: the practice's own test card
	Expect     string `yaml:"expect"` // part of the refusal
}

// RetractStep takes a disclosure back.
type RetractStep struct {
	At         string `yaml:"at"`
	Disclosure string `yaml:"disclosure"`
	Expect     string `yaml:"expect"` // part of the refusal
}

// SlotsStep offers appointments.
type SlotsStep struct {
	At      string `yaml:"at"`
	Day     string `yaml:"day"` // +7 or 2026-12-01
	From    string `yaml:"from"`
	To      string `yaml:"to"`
	Every   string `yaml:"every"`
	Vaccine string `yaml:"vaccine"`
	Dose    int    `yaml:"dose"`
	Expect  string `yaml:"expect"` // part of the refusal; empty: it works
}

// BlockStep changes the open appointments of a day.
type BlockStep struct {
	At  string `yaml:"at"`
	Day string `yaml:"day"`
	Do  string `yaml:"do"` // block, unblock, withdraw
}

// WaitStep waits for the first condition that is set.
type WaitStep struct {
	At         string        `yaml:"at"`
	Tokens     *int          `yaml:"tokens"`   // the patient's search finds exactly so many
	AtLeast    *int          `yaml:"at_least"` // or at least so many
	Radius     float64       `yaml:"radius"`   // of that search; 0 is 20 km
	Booking    string        `yaml:"booking"`  // a booking of this scenario is in State at At
	State      string        `yaml:"state"`
	Open       *int          `yaml:"open"`       // open appointments at the practice
	Reserved   *int          `yaml:"reserved"`   // relays through which the practice is reached
	Relay      string        `yaml:"relay"`      // the patient is client of this relay, "any" of some
	Epoch      string        `yaml:"epoch"`      // "next": the practice's front changes
	Enrolment  string        `yaml:"enrolment"`  // of the practice: enrolled, due, none
	Disclosure string        `yaml:"disclosure"` // a disclosure of this scenario is in State at its patient
	Warnings   *int          `yaml:"warnings"`   // waiting rooms of the patient that a warning is about
	Lists      *int          `yaml:"lists"`      // published lists that the node knows
	Queued     *int          `yaml:"queued"`     // disclosures at the relay that are not published yet
	Within     time.Duration `yaml:"within"`     // 30 s when left out

	Directory *int   `yaml:"directory"` // institutions that the patient's copy has
	Listed    *int   `yaml:"listed"`    // relays that have the practice's listing
	Checkin   string `yaml:"checkin"`   // a check-in of this scenario is in State at its patient
	Why       string `yaml:"why"`       // with this code
	Arrivals  *int   `yaml:"arrivals"`  // who has checked in at the practice
	Workplace string `yaml:"workplace"` // at this workplace only
	History   *int   `yaml:"history"`   // check-ins that the patient sees
}

// BookStep asks for an appointment.
type BookStep struct {
	At        string  `yaml:"at"`
	As        string  `yaml:"as"`      // name of the booking in later steps
	From      string  `yaml:"from"`    // practice; empty: the nearest
	Confirm   string  `yaml:"confirm"` // a booking of an earlier request, instead of a new one
	Radius    float64 `yaml:"radius"`
	Doses     int     `yaml:"doses"` // 2: first and second dose at the same practice
	Name      string  `yaml:"name"`
	BirthDate string  `yaml:"birth_date"`
	Tries     int     `yaml:"tries"` // search again when somebody was faster, so many times in all
	skip      int
	Expect    string `yaml:"expect"` // state; booked when left out (offered for a request)
}

// RaceStep has patients book the appointment that the first of them finds first.
type RaceStep struct {
	Patients []string `yaml:"patients"`
	As       string   `yaml:"as"` // the winner's booking
	Radius   float64  `yaml:"radius"`
}

// VerifyStep shows a code at reception.
type VerifyStep struct {
	At      string `yaml:"at"`
	Booking string `yaml:"booking"`
	Visit   int    `yaml:"visit"`
	Form    string `yaml:"form"`   // digits, words, qr
	Code    string `yaml:"code"`   // instead of a booking's
	Expect  string `yaml:"expect"` // ok, used, refused
}

// CancelStep cancels from the side of At.
type CancelStep struct {
	At      string `yaml:"at"`
	Booking string `yaml:"booking"`
	Reason  string `yaml:"reason"`
	Reopen  bool   `yaml:"reopen"`
	Expect  string `yaml:"expect"` // state right after; cancelled when left out
}

// PLZStep changes a patient's postcode.
type PLZStep struct {
	At     string `yaml:"at"`
	PLZ    string `yaml:"plz"`
	Expect string `yaml:"expect"` // part of the refusal; empty: it is taken for a later cycle
}

// SamePoolStep compares digests.
type SamePoolStep struct {
	Nodes  []string      `yaml:"nodes"`
	PLZ    string        `yaml:"plz"` // of the region
	Within time.Duration `yaml:"within"`
}

// RepeatStep runs steps several times.
type RepeatStep struct {
	Times int    `yaml:"times"`
	Steps []Step `yaml:"steps"`
}

const (
	// maxScript: the longest scenario has some hundred lines.
	maxScript = 256 << 10
	// maxRepeat bounds a repeat step.
	maxRepeat = 1000
)

// ErrScript says that a file is not a scenario.
var ErrScript = errors.New("this is not a scenario: see the package documentation of scenarios")

// Load reads a scenario file.
func Load(path string) (*Script, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxScript+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxScript {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrScript, maxScript)
	}
	return Parse(data)
}

// Parse reads a scenario. Unknown fields are refused: a misspelt condition would hold at once.
func Parse(data []byte) (*Script, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var s Script
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScript, err)
	}
	if s.Name == "" || len(s.Steps) == 0 {
		return nil, fmt.Errorf("%w: it has no name or no steps", ErrScript)
	}
	return &s, checkSteps(s.Steps)
}

func checkSteps(steps []Step) error {
	for i, step := range steps {
		if kinds := step.kinds(); len(kinds) != 1 {
			return fmt.Errorf("%w: step %d has %d kinds, needs one: %v", ErrScript, i+1, len(kinds), kinds)
		}
		if step.Repeat != nil {
			if step.Repeat.Times < 1 || step.Repeat.Times > maxRepeat {
				return fmt.Errorf("%w: step %d repeats %d times", ErrScript, i+1, step.Repeat.Times)
			}
			if err := checkSteps(step.Repeat.Steps); err != nil {
				return err
			}
		}
	}
	return nil
}

// kinds lists which fields are set.
func (s Step) kinds() []string {
	var kinds []string
	for _, k := range []struct {
		name string
		set  bool
	}{
		{"start", s.Start != nil}, {"stop", s.Stop != nil}, {"kill", s.Kill != nil}, {"slots", s.Slots != nil}, {"block", s.Block != nil},
		{"wait", s.Wait != nil}, {"request", s.Request != nil}, {"book", s.Book != nil}, {"race", s.Race != nil}, {"verify", s.Verify != nil},
		{"cancel", s.Cancel != nil}, {"plz", s.PLZ != nil}, {"cut", s.Cut != nil}, {"heal", s.Heal != nil}, {"same_pool", s.SamePool != nil},
		{"repeat", s.Repeat != nil}, {"enrol", s.Enrol != nil}, {"revoke", s.Revoke != nil}, {"disclose", s.Disclose != nil}, {"sign", s.Sign != nil}, {"retract", s.Retract != nil},
		{"listing", s.Listing != nil}, {"code", s.Code != nil}, {"checkin", s.Checkin != nil}, {"end", s.EndIt != nil},
		{"online", s.Online != nil}, {"pull", s.Pull != nil}, {"fetch", s.Fetch != nil},
	} {
		if k.set {
			kinds = append(kinds, k.name)
		}
	}
	return kinds
}
