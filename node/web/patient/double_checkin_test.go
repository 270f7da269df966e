package patient

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pieks/node/checkin/appcall"
	"pieks/node/checkin/popp"
	"pieks/node/control"
)

// checkinNode is the part of the double that checks in. It keeps to the states of the real one, refuses what that refuses, and counts what would have left
// the computer: nothing may before somebody has agreed.
type checkinNode struct {
	*node
	known      []control.Institution
	checkins   []*control.Checkin
	calls      map[string]string // call-back of a check-in
	begun      []control.CheckinBegin
	favourites []control.Favourite
	options    control.CheckinOptions
	full       bool // no more favourites
	outcome    string
	why        string // of an outcome that is an end
	refuse     string // a code that the practice's dialogue ends with, in state proof
	step       map[string]int
	failures   []string
	answers    []string // of the card
	sent       int      // times that something went to a practice or an insurer
	logins     map[string]string
	asked      int           // times that the directory was asked
	down       bool          // no directory service, no insurer
	wait       chan struct{} // the dialogue waits after its first command until this is closed
}

var institutions = []control.Institution{
	{TelematikID: "1-234567890", Name: "Hausarztpraxis am Park", Alias: "Praxis Dr. Sommer", Kind: "Arztpraxis", Profession: professions + "50", Street: "Aachener Straße 12", PLZ: "50674", Place: "Köln",
		Phone: "0221 5550100", Origin: "mesh", Mesh: true, DistanceKM: 2, Hours: []control.Hours{{Weekday: 1, From: "14:00", To: "18:00"}, {Weekday: 1, From: "08:00", To: "12:00"}, {Weekday: 2, From: "08:00", To: "12:00"},
			{Weekday: 3, From: "08:00", To: "12:00"}, {Weekday: 4, From: "08:00", To: "12:00"}, {Weekday: 5, From: "08:00", To: "12:00"}, {Weekday: 6, From: "08:00", To: "12:00"}, {Weekday: 7, From: "08:00", To: "12:00"}}},
	{TelematikID: "3-07.2.1444560000.16.108", Name: "Rathausapotheke", Alias: "Rathausapotheke", Kind: "Apotheke", Profession: professions + "54", Street: "Theodor-Stern-Kai 7", PLZ: "60596", Place: "Frankfurt am Main", Origin: "vzd"},
	{TelematikID: "9-2-DIGA-01", Name: "Rückenwohl", Kind: "DiGA", Profession: professions + "282", Origin: "vzd"},
	{TelematikID: "5-2-777", Name: "Klinikum Nord, Ambulanz", Kind: "Krankenhaus", Profession: professions + "53", Street: "Nordweg 1", PLZ: "50733", Place: "Köln", Origin: "vzd"},
	{TelematikID: "5-2-777", Name: "Klinikum Nord, Notaufnahme", Kind: "Krankenhaus", Profession: professions + "53", Street: "Nordweg 3", PLZ: "50733", Place: "Köln", Origin: "vzd"},
}

func newCheckinNode(n *node) *checkinNode {
	k := &checkinNode{node: n, known: institutions, calls: map[string]string{}, step: map[string]int{}, logins: map[string]string{}, outcome: control.CheckinStateSuccess}
	k.options = control.CheckinOptions{GiveUpHours: 72, Introduced: true, Insurers: []control.Insurer{}, Directory: len(institutions)}
	return k
}

// withHealthID sets identity providers up.
func (n *checkinNode) withHealthID() {
	n.options.HealthID, n.options.SetupURL = true, "https://kasse.example/gesundheitsid"
	for i := range 40 {
		n.options.Insurers = append(n.options.Insurers, control.Insurer{ID: fmt.Sprintf("https://idp%d.example", i), Name: fmt.Sprintf("Kasse %02d", i)})
	}
	n.options.Insurers = append(n.options.Insurers, control.Insurer{ID: "https://idp.muster.example", Name: "Musterkasse"})
}

func (n *checkinNode) methods() control.Handlers {
	return control.Handlers{
		control.MethodCheckinScan: locked(n, n.scan), control.MethodInstitutions: locked(n, n.find), control.MethodCheckinBegin: locked(n, n.begin),
		control.MethodCheckinConsent: locked(n, n.consent), control.MethodCheckinCard: control.Handle(n.card), control.MethodCheckinVirtual: locked(n, n.virtual),
		control.MethodCheckinLogin: locked(n, n.login), control.MethodCheckinLoggedIn: locked(n, n.loggedIn), control.MethodCheckin: locked(n, n.one),
		control.MethodCheckinEnd: locked(n, n.end), control.MethodCheckins: lockedNone(n, n.list),
		control.MethodCheckinOptions: lockedNone(n, func() (control.CheckinOptions, error) { return n.options, nil }),
		control.MethodCheckinCAN: locked(n, func(in control.CheckinCAN) (control.CheckinOptions, error) {
			n.options.CAN = in.CAN
			return n.options, nil
		}),
		control.MethodCheckinSeen: lockedNone(n, func() (control.CheckinOptions, error) { n.options.Introduced = true; return n.options, nil }),
		control.MethodFavourites:  lockedNone(n, func() ([]control.Favourite, error) { return slices.Clone(n.favourites), nil }),
		control.MethodFavouriteSet: locked(n, func(in control.Favourite) (control.Favourite, error) {
			return in, n.favour(in)
		}),
		control.MethodFavouriteEnd: locked(n, func(in control.Favourite) (any, error) {
			n.favourites = slices.DeleteFunc(n.favourites, func(f control.Favourite) bool { return f.TelematikID == in.TelematikID })
			return nil, nil
		}),
	}
}

func locked[In, Out any](n *checkinNode, f func(In) (Out, error)) control.Handler {
	return control.Handle(func(_ context.Context, in In) (out Out, err error) {
		n.do(func() { out, err = f(in) })
		return out, err
	})
}

func lockedNone[Out any](n *checkinNode, f func() (Out, error)) control.Handler {
	return control.HandleNone(func(context.Context) (Out, error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		return f()
	})
}

func (n *checkinNode) scan(in control.CheckinScan) (out control.CheckinTarget, err error) {
	if id, err := popp.ParseTelematikID(in.Text); err == nil {
		out.TelematikID = string(id)
	} else {
		code, err := popp.ParseQR([]byte(in.Text))
		if err != nil {
			return out, control.Coded(control.KindUsage, control.CodeCheckinQR, "%w", err)
		}
		out.TelematikID, out.Workplace = string(code.TelematikID), string(code.Workplace)
	}
	out.Institutions, err = n.with(out.TelematikID, "")
	return out, err
}

func (n *checkinNode) with(id, origin string) (found []control.Institution, err error) {
	for _, i := range n.known {
		if i.TelematikID == id && (origin == "" || i.Origin == origin) {
			found = append(found, i)
		}
	}
	if n.down && (len(found) == 0 || found[0].Origin == "vzd") {
		return nil, control.Errorf(control.KindUnavailable, "the directory does not answer")
	}
	if len(found) == 0 {
		return nil, control.Coded(control.KindNotFound, control.CodeNoInstitution, "no such institution")
	}
	return found, nil
}

func (n *checkinNode) find(in control.InstitutionQuery) (out control.InstitutionList, err error) {
	n.asked++
	if n.down {
		return out, control.Errorf(control.KindUnavailable, "the directory does not answer")
	}
	has := func(text, part string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(part)) }
	for _, i := range n.known {
		whole := strings.Join([]string{i.Name, i.Alias, i.Kind, i.Street, i.PLZ, i.Place}, " ")
		if in.FHIRSearch != "" && has(in.FHIRSearch, i.Name) || in.FHIRSearch == "" && has(whole, in.Text) && has(i.Place, in.Place) && (in.RadiusKM > 0 || strings.HasPrefix(i.PLZ, in.PLZ)) && (in.Profession == "" || in.Profession == i.Profession) {
			out.Institutions = append(out.Institutions, i)
		}
	}
	return out, nil
}

func (n *checkinNode) begin(in control.CheckinBegin) (none control.Checkin, _ error) {
	n.begun = append(n.begun, in)
	if in.CallBack != "" && appcall.CheckCallBack(in.CallBack) != nil {
		return none, control.Coded(control.KindUsage, control.CodeCallBack, "no such address")
	}
	at, err := n.with(in.TelematikID, in.Origin)
	if err != nil {
		i := slices.IndexFunc(n.favourites, func(f control.Favourite) bool { return f.TelematikID == in.TelematikID })
		if i < 0 {
			return none, err
		}
		at = []control.Institution{{TelematikID: in.TelematikID, Name: n.favourites[i].Name}} // no look-up
	}
	if in.Institution >= len(at) {
		return none, control.Coded(control.KindNotFound, control.CodeNoInstitution, "no such institution")
	}
	k := &control.Checkin{ID: fmt.Sprintf("00000000-0000-4000-8000-%012x", len(n.checkins)+1), State: control.CheckinStateConsent, Institution: at[in.Institution], Workplace: in.Workplace,
		OtherPerson: in.OtherPerson, Began: n.now(), GiveUpHours: n.options.GiveUpHours, Via: "mesh"}
	if in.CallBack != "" {
		k.Caller = askerOf(in.CallBack)
	}
	k.Proofs = []string{control.ProofEGK}
	if n.options.HealthID && !in.OtherPerson && !in.LoginEGK {
		k.Proofs = []string{control.ProofHealthID, control.ProofEGK}
	}
	n.checkins, n.calls[k.ID] = append(n.checkins, k), in.CallBack
	return n.shown(k), nil
}

func (n *checkinNode) checkin(id string) (*control.Checkin, error) {
	i := slices.IndexFunc(n.checkins, func(k *control.Checkin) bool { return k.ID == id })
	if i < 0 {
		return nil, control.Coded(control.KindNotFound, control.CodeNoCheckin, "no such check-in")
	}
	return n.checkins[i], nil
}

func (n *checkinNode) shown(k *control.Checkin) control.Checkin {
	out := *k
	if out.State != control.CheckinStateProof {
		out.Proofs = nil
	}
	if call := n.calls[k.ID]; call != "" && out.State != control.CheckinStateConsent && out.State != control.CheckinStateProof {
		out.CallBack, _ = appcall.Answer(call, popp.Status{State: popp.State(out.State), ID: k.ID})
	}
	return out
}

// in finds a check-in that has to be in a state.
func (n *checkinNode) in(id, state string) (*control.Checkin, error) {
	k, err := n.checkin(id)
	if err == nil && k.State != state {
		err = control.Coded(control.KindConflict, control.CodeCheckinState, "not now")
	}
	return k, err
}

func (n *checkinNode) consent(in control.CheckinConsent) (none control.Checkin, _ error) {
	k, err := n.in(in.ID, control.CheckinStateConsent)
	if err != nil {
		return none, err
	}
	if !in.Agree {
		k.State, k.Why = control.CheckinStateCanceled, control.CodeConsent
		n.forget(k)
		return n.shown(k), nil
	}
	if in.Favourite != "" {
		f := control.Favourite{TelematikID: k.Institution.TelematikID, Name: k.Institution.Name}
		if in.Favourite != f.Name {
			f.Alias = in.Favourite
		}
		if err := n.favour(f); err != nil {
			return none, err
		}
	}
	k.State = control.CheckinStateProof
	return n.shown(k), nil
}

func (n *checkinNode) forget(k *control.Checkin) {
	n.checkins = slices.DeleteFunc(n.checkins, func(other *control.Checkin) bool { return other == k })
}

func (n *checkinNode) favour(f control.Favourite) error {
	i := slices.IndexFunc(n.favourites, func(other control.Favourite) bool { return other.TelematikID == f.TelematikID })
	switch {
	case i >= 0:
		n.favourites[i] = f
	case n.full:
		return control.Coded(control.KindConflict, control.CodeFavourites, "full")
	default:
		n.favourites = append(n.favourites, f)
	}
	return nil
}

// card has three commands for a card, and takes what it answers.
func (n *checkinNode) card(ctx context.Context, in control.CheckinAnswer) (step control.CheckinStep, err error) {
	n.mu.Lock()
	wait := n.wait
	n.mu.Unlock()
	if wait != nil && in.Response != "" {
		select {
		case <-wait:
		case <-ctx.Done():
			return step, ctx.Err()
		}
	}
	n.do(func() { step, err = n.next(in) })
	return step, err
}

func (n *checkinNode) next(in control.CheckinAnswer) (step control.CheckinStep, _ error) {
	k, err := n.in(in.ID, control.CheckinStateProof)
	if err != nil {
		return step, err
	}
	if in.Failure != "" {
		n.failures, k.Why = append(n.failures, in.Failure), in.Failure
		delete(n.step, in.ID)
		shown := n.shown(k)
		return control.CheckinStep{Checkin: &shown}, nil
	}
	n.sent++
	at := n.step[in.ID]
	if (in.Response == "") != (at == 0) && in.Response != "" {
		return step, control.Coded(control.KindConflict, control.CodeSession, "an answer before its command")
	}
	if in.Response != "" {
		n.answers = append(n.answers, in.Response)
	}
	if in.Response == "" {
		at = 0
	} else if !strings.HasSuffix(in.Response, "9000") {
		return step, control.Coded(control.KindConflict, control.CodeCardRefused, "status %s", in.Response)
	}
	if n.refuse != "" && at == 2 {
		return step, control.Coded(control.KindConflict, n.refuse, "refused")
	}
	if at < 3 {
		n.step[in.ID] = at + 1
		return control.CheckinStep{Command: fmt.Sprintf("00b0%02x0000", at), Expected: []string{"9000"}}, nil
	}
	n.prove(k, control.ProofEGK)
	shown := n.shown(k)
	return control.CheckinStep{Checkin: &shown}, nil
}

func (n *checkinNode) prove(k *control.Checkin, proof string) {
	k.State, k.Why, k.Proof, k.Proved = n.outcome, "", proof, n.now()
	if n.outcome == control.CheckinStatePending {
		k.Until = k.Proved.Add(time.Duration(k.GiveUpHours) * time.Hour)
		return
	}
	k.Ended, k.Why = k.Proved, n.why
	k.OfferHealthID = proof == control.ProofEGK && !k.OtherPerson && n.options.SetupURL != ""
}

// settle ends a pending one, some time later.
func (n *checkinNode) settle(id, state, why string) {
	n.do(func() {
		k, _ := n.checkin(id)
		k.State, k.Why, k.Ended = state, why, k.Proved.Add(time.Hour)
	})
}

func (n *checkinNode) virtual(in control.CheckinVirtual) (none control.Checkin, _ error) {
	k, err := n.in(in.ID, control.CheckinStateProof)
	if err != nil {
		return none, err
	}
	if n.refuse != "" {
		return none, control.Coded(control.KindConflict, n.refuse, "refused")
	}
	n.sent++
	n.prove(k, control.ProofEGK)
	return n.shown(k), nil
}

func (n *checkinNode) login(in control.CheckinLogin) (at control.CheckinLoginAt, _ error) {
	k, err := n.in(in.ID, control.CheckinStateProof)
	if err != nil {
		return at, err
	}
	if !slices.ContainsFunc(n.options.Insurers, func(i control.Insurer) bool { return i.ID == in.Insurer }) {
		return at, control.Coded(control.KindUsage, control.CodeInsurer, "choose one")
	}
	if n.down {
		return at, control.Errorf(control.KindUnavailable, "no insurer")
	}
	n.sent++
	state := fmt.Sprintf("state-%d", len(n.logins)+1)
	n.logins[state] = k.ID
	n.options.Insurer = in.Insurer
	return control.CheckinLoginAt{URL: in.Insurer + "/authorize?request_uri=urn:x:" + state + "&client_id=" + in.Back}, nil
}

func (n *checkinNode) loggedIn(in control.CheckinLoggedIn) (none control.Checkin, _ error) {
	id, ok := n.logins[in.State]
	delete(n.logins, in.State)
	if !ok || in.Error != "" || in.Code != "right" {
		return none, control.Coded(control.KindConflict, control.CodeLogin, "broken off")
	}
	k, err := n.in(id, control.CheckinStateProof)
	if err != nil {
		return none, err
	}
	n.prove(k, control.ProofHealthID)
	return n.shown(k), nil
}

func (n *checkinNode) one(in control.CheckinName) (none control.Checkin, _ error) {
	k, err := n.checkin(in.ID)
	if err != nil {
		return none, err
	}
	return n.shown(k), nil
}

func (n *checkinNode) end(in control.CheckinName) (none control.Checkin, _ error) {
	k, err := n.checkin(in.ID)
	if err != nil {
		return none, err
	}
	switch k.State {
	case control.CheckinStateConsent, control.CheckinStateProof:
		n.forget(k)
	case control.CheckinStatePending:
		k.Ended = n.now()
	default:
		return none, control.Coded(control.KindConflict, control.CodeCheckinState, "over")
	}
	k.State, k.Why = control.CheckinStateCanceled, control.CodeCheckinEnded
	return n.shown(k), nil
}

func (n *checkinNode) list() (all []control.Checkin, _ error) {
	for _, k := range n.checkins {
		if k.State != control.CheckinStateConsent {
			all = append(all, n.shown(k))
		}
	}
	slices.SortStableFunc(all, func(a, b control.Checkin) int { return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(b.ID, a.ID)) })
	return all, nil
}
