package patient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pieks/node/checkin/appcall"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/store"
)

// T28, and what outlives a restart: a check-in that waits is given up after the hours that were set, also by a node that was off meanwhile.
func TestGivenUp(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{Good: 20 * 24 * time.Hour}), clock)
	n := p.patient(CheckinConfig{GiveUp: 48 * time.Hour})
	p.away(n)
	first, second := agreed(t, n, control.CheckinBegin{}), agreed(t, n, control.CheckinBegin{})
	if s := tapped(t, n, first.ID); s.State != control.CheckinStatePending || s.GiveUpHours != 48 {
		t.Fatalf("%+v", s)
	}
	tapped(t, n, second.ID)
	clock.Advance(47 * time.Hour)
	check(t, n.Close())
	n = p.start(n.cfg.Home, CheckinConfig{}) // with other hours: what was said then counts
	if s, err := n.checkins.status(t.Context(), control.CheckinName{ID: first.ID}); err != nil || s.State != control.CheckinStatePending {
		t.Fatalf("after a restart: %+v %v", s, err)
	}
	if boxes := n.checkins.letterboxes(); len(boxes) != 2 {
		t.Errorf("%d mailboxes are looked into", len(boxes))
	}
	p.readLetters(n) // the practice came back: both arrive, and one word gets lost
	clock.Advance(time.Hour)
	for _, id := range []string{first.ID, second.ID} {
		s, err := n.checkins.status(t.Context(), control.CheckinName{ID: id})
		check(t, err)
		if s.State != control.CheckinStateSuccess || s.GiveUpHours != 48 {
			t.Errorf("%+v", s)
		}
	}
	p.away(n)
	third := agreed(t, n, control.CheckinBegin{})
	tapped(t, n, third.ID)
	check(t, n.Close())
	clock.Advance(73 * time.Hour)
	n = p.start(n.cfg.Home, CheckinConfig{})
	p.away(n)
	testnet.Until(t, "it is given up", func() bool {
		s, err := n.checkins.status(t.Context(), control.CheckinName{ID: third.ID})
		return err == nil && s.State == control.CheckinStateCanceled && s.Why == control.CodeGiveUp && s.GiveUpHours == 72
	})
	// What the relay still has is too old for the practice, too.
	p.readLetters(n)
	if all := p.arrived(); len(all) != 2 {
		t.Errorf("%d arrivals", len(all))
	}
}

// A letter that the relay has dropped is left once more, the same one.
func TestPostedAgain(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{Good: 20 * 24 * time.Hour}), clock)
	n := p.patient(CheckinConfig{GiveUp: 7 * 24 * time.Hour})
	p.away(n)
	s := agreed(t, n, control.CheckinBegin{})
	tapped(t, n, s.ID)
	e, err := n.checkins.find(s.ID)
	check(t, err)
	kept := e.look().Kept
	if kept == 0 {
		t.Fatal("not posted")
	}
	clock.Advance(73 * time.Hour)
	n.checkins.goOn(t.Context(), e)
	if again := e.look().Kept; again <= kept {
		t.Errorf("kept until %d, then %d", kept, again)
	}
	if p.readLetters(n) == 0 {
		t.Error("no letter")
	}
	if r := e.look(); r.State != control.CheckinStateSuccess || r.Envelope != nil || r.Attempt != nil {
		t.Errorf("%s, %d bytes of the letter and %d of its keys are kept", r.State, len(r.Envelope), len(r.Attempt))
	}
}

// T29: the history has the last ten with name and address, on the disk, too.
func TestHistory(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{Good: 20 * 24 * time.Hour}), clock)
	n := p.patient(CheckinConfig{})
	for i := range 12 {
		s := agreed(t, n, control.CheckinBegin{Workplace: fmt.Sprint("R", i)})
		if done := tapped(t, n, s.ID); done.State != control.CheckinStateSuccess {
			t.Fatalf("%+v", done)
		}
		clock.Advance(time.Minute)
	}
	open := agreed(t, n, control.CheckinBegin{})
	list, err := n.checkins.list(t.Context())
	check(t, err)
	if len(list) != 11 || list[0].ID != open.ID || list[1].Workplace != "R11" || list[10].Workplace != "R2" {
		t.Errorf("%d: %+v", len(list), list[0])
	}
	if i := list[5].Institution; i.Name != "Praxis Dr. Beispiel" || i.Street != "Domstr. 1" || i.Place != "Köln" || i.Alias != "Hausarzt am Dom" {
		t.Errorf("%+v", i)
	}
	clock.Advance(31 * 24 * time.Hour)
	n.checkins.prune(t.Context())
	_, err = n.home.Store.Sweep(t.Context(), clock.Now())
	check(t, err)
	kept, err := loadCheckins(n.home.Store)
	check(t, err)
	if len(kept) != 10 {
		t.Errorf("%d are on the disk a month later", len(kept))
	}
	for _, e := range kept {
		if e.rec.Attempt != nil || e.rec.Envelope != nil {
			t.Error("keys or letters outlive their check-in")
		}
	}
}

// A_28512, T29: a favourite has name, Telematik-ID and its user's name, and a check-in there asks no directory.
func TestFavourites(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	directory := &asked{t: t}
	service, _ := listener(t)
	n := p.patient(CheckinConfig{Directory: "https://directory.example/", Transport: directory, Service: ServiceConfig{URL: service}})
	c := n.checkins
	if _, err := c.setFavourite(t.Context(), control.Favourite{TelematikID: "1-555"}); control.CodeOf(err) != control.CodeNoInstitution {
		t.Errorf("one that nobody has seen: %v", err)
	}
	s := newCheckin(t, n, control.CheckinBegin{TelematikID: pharmacy})
	_, err := c.consent(t.Context(), control.CheckinConsent{ID: s.ID, Agree: true, Favourite: "Apotheke um die Ecke"})
	check(t, err)
	_, err = c.setFavourite(t.Context(), control.Favourite{TelematikID: empfangID, Alias: "Zum Dom"})
	check(t, err)
	list, err := c.listFavourites(t.Context())
	check(t, err)
	want := []control.Favourite{
		{TelematikID: pharmacy, Name: "Rathausapotheke", Alias: "Apotheke um die Ecke"}, {TelematikID: empfangID, Name: "Praxis Dr. Beispiel", Alias: "Zum Dom"},
	}
	if !slices.Equal(list, want) {
		t.Errorf("%+v", list)
	}
	check(t, n.home.Store.Audit(func(bucket string, key, value []byte) error {
		if bucket == favouriteBucket.Name() && (bytes.Contains(value, []byte("Theodor-Stern")) || bytes.Contains(key, []byte(pharmacy))) {
			return errors.New("a favourite has its address, or is named by its key")
		}
		return nil
	}))
	clock.Advance(2 * rememberFor)
	asked := len(directory.requests)
	far := newCheckin(t, n, control.CheckinBegin{TelematikID: pharmacy})
	if far.Institution.Name != "Rathausapotheke" || far.Institution.Street != "" || far.Via != viaService {
		t.Errorf("%+v", far)
	}
	if s := newCheckin(t, n, control.CheckinBegin{}); s.Institution.Street == "" || s.Via != viaMesh {
		t.Errorf("%+v", s)
	}
	if len(directory.requests) != asked {
		t.Error("a favourite was looked up")
	}
	_, err = c.scan(t.Context(), control.CheckinScan{Text: pharmacy})
	if check(t, err); len(directory.requests) != asked+1 {
		t.Error("a code that was scanned is to be looked up, favourite or not (A_28488)")
	}
	check(t, n.Close())
	n = p.start(n.cfg.Home, CheckinConfig{})
	if list, _ := n.checkins.listFavourites(t.Context()); !slices.Equal(list, want) {
		t.Errorf("after a restart: %+v", list)
	}
	_, err = n.checkins.removeFavourite(t.Context(), control.Favourite{TelematikID: pharmacy})
	check(t, err)
	if list, _ := n.checkins.listFavourites(t.Context()); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	if _, err := n.checkins.setFavourite(t.Context(), control.Favourite{TelematikID: empfangID, Alias: "a\nb"}); control.KindOf(err) != control.KindUsage {
		t.Errorf("two lines: %v", err)
	}
}

func TestFavouritesAreBounded(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	for i := range maxFavourites {
		check(t, n.checkins.keepFavourite(t.Context(), favouriteRecord{TelematikID: fmt.Sprintf("1-%d", i), Name: "x"}))
	}
	if err := n.checkins.keepFavourite(t.Context(), favouriteRecord{TelematikID: "1-x"}); control.CodeOf(err) != control.CodeFavourites {
		t.Errorf("%v", err)
	}
	check(t, n.checkins.keepFavourite(t.Context(), favouriteRecord{TelematikID: "1-7", Name: "another name"}))
}

// What another app, a code or a person gives is checked before anything else.
func TestBadBegins(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	for what, c := range map[string]struct {
		in   control.CheckinBegin
		code string
	}{
		"nothing":       {control.CheckinBegin{}, control.CodeTelematikID},
		"both":          {control.CheckinBegin{TelematikID: empfangID, FHIRSearch: "HealthcareService?name=x"}, control.CodeTelematikID},
		"no id":         {control.CheckinBegin{TelematikID: "1-<script>"}, control.CodeTelematikID},
		"workplace":     {control.CheckinBegin{TelematikID: empfangID, Workplace: "a/b"}, control.CodeWorkplace},
		"javascript":    {control.CheckinBegin{TelematikID: empfangID, CallBack: "javascript:alert(1)"}, control.CodeCallBack},
		"http":          {control.CheckinBegin{TelematikID: empfangID, CallBack: "http://app.example/"}, control.CodeCallBack},
		"origin":        {control.CheckinBegin{TelematikID: empfangID, Origin: "web"}, ""},
		"unknown":       {control.CheckinBegin{TelematikID: "1-404"}, control.CodeNoInstitution},
		"which":         {control.CheckinBegin{TelematikID: empfangID, Institution: 1}, control.CodeNoInstitution},
		"minus":         {control.CheckinBegin{TelematikID: empfangID, Institution: -1}, control.CodeNoInstitution},
		"no directory":  {control.CheckinBegin{FHIRSearch: "HealthcareService?name=x"}, control.CodeNoInstitution},
		"vzd of a mesh": {control.CheckinBegin{TelematikID: empfangID, Origin: "vzd"}, control.CodeNoInstitution},
	} {
		if _, err := n.checkins.begin(t.Context(), c.in); err == nil || control.CodeOf(err) != c.code {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range maxOpenCheckins + 3 {
		agreed(t, n, control.CheckinBegin{})
	}
	if open := n.checkins.all(); len(open) != maxOpenCheckins {
		t.Errorf("%d are open", len(open))
	}
	// T12: what is not a practice's code says why, and leads to the staff.
	for _, text := range []string{"", "https://evil.example/?tid=1-2", `{"tid":"1-2","typ":"popp-checkin","tid":"1-3"}`, "{}", strings.Repeat("x", 10<<10)} {
		_, err := n.checkins.scan(t.Context(), control.CheckinScan{Text: text})
		if control.CodeOf(err) != control.CodeCheckinQR || !strings.Contains(err.Error(), "staff") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// CAN, hint and counts are kept; the number that is kept is forgotten when its user says so.
func TestCheckinOptions(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{SetupURL: "https://insurer.example/setup", GiveUp: 90 * time.Minute})
	for _, can := range []string{"12345", "1234567", "12345a", " 123123"} {
		if _, err := n.checkins.keepCAN(t.Context(), control.CheckinCAN{CAN: can}); control.CodeOf(err) != control.CodeCAN {
			t.Errorf("%q: %v", can, err)
		}
	}
	_, err := n.checkins.keepCAN(t.Context(), control.CheckinCAN{CAN: "123123"})
	check(t, err)
	_, err = n.checkins.introduced(t.Context())
	check(t, err)
	for i := range 5 { // T: the offer comes with the first three check-ins with one's own card
		s := agreed(t, n, control.CheckinBegin{OtherPerson: i == 1})
		if done := tapped(t, n, s.ID); done.OfferHealthID != (i != 1 && i < 4) {
			t.Errorf("check-in %d: %v", i, done.OfferHealthID)
		}
	}
	check(t, n.Close())
	n = p.start(n.cfg.Home, CheckinConfig{GiveUp: 90 * time.Minute})
	o, err := n.checkins.showOptions(t.Context())
	check(t, err)
	if o.CAN != "123123" || !o.Introduced || o.GiveUpHours != 2 || o.HealthID || o.Service || o.Directory != 1 {
		t.Errorf("%+v", o)
	}
	o, err = n.checkins.keepCAN(t.Context(), control.CheckinCAN{})
	if err != nil || o.CAN != "" {
		t.Errorf("%+v %v", o, err)
	}
	for _, wrong := range []time.Duration{time.Millisecond, 8 * 24 * time.Hour, -time.Hour} {
		cfg := Config{Home: p.net.Home("b"), Network: p.net.File, Secret: store.KeyFile(), Checkin: CheckinConfig{GiveUp: wrong}}
		if _, err := Start(t.Context(), cfg); control.KindOf(err) != control.KindUsage {
			t.Errorf("give up after %s: %v", wrong, err)
		}
	}
}

// A_28645: the Go interface gives back what came of it.
func TestStartPoppTokenErzeugung(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	request := appcall.Request{TelematikID: popp.TelematikID(empfangID), Workplace: "REZEPTION-1"}
	status, err := n.StartPoppTokenErzeugung(t.Context(), request, func(s control.Checkin) {
		go func() {
			if _, err := n.checkins.consent(context.WithoutCancel(t.Context()), control.CheckinConsent{ID: s.ID, Agree: true}); err == nil {
				_, _ = n.checkins.virtual(context.WithoutCancel(t.Context()), control.CheckinVirtual{ID: s.ID})
			}
		}()
	})
	if err != nil || status.State != popp.Success || status.ID != p.arrived()[0].ID.String() {
		t.Errorf("%+v %v", status, err)
	}
	status, err = n.StartPoppTokenErzeugung(t.Context(), request, func(s control.Checkin) {
		go func() {
			_, _ = n.checkins.consent(context.WithoutCancel(t.Context()), control.CheckinConsent{ID: s.ID})
		}()
	})
	if err != nil || status.State != popp.Canceled {
		t.Errorf("%+v %v", status, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err = n.StartPoppTokenErzeugung(ctx, request, func(control.Checkin) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err = n.StartPoppTokenErzeugung(t.Context(), appcall.Request{TelematikID: "1-404"}, nil); control.CodeOf(err) != control.CodeNoInstitution {
		t.Errorf("%v", err)
	}
}

// A_28510: the calling app hears state and id, and never who was checked in.
func TestCallBack(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	s := agreed(t, n, control.CheckinBegin{CallBack: "https://app.example/done?session=7", LoginEGK: true})
	if s.CallBack != "" || s.Caller != "app.example" {
		t.Errorf("before its end: %+v", s)
	}
	done := tapped(t, n, s.ID)
	if !strings.HasPrefix(done.CallBack, "https://app.example/done?session=7&") || !strings.Contains(done.CallBack, "state=success") ||
		!strings.Contains(done.CallBack, done.Record) || strings.Contains(done.CallBack, "X110540756") {
		t.Errorf("%s", done.CallBack)
	}
}

// buffer is what a log wrote, for several goroutines.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(data)
}

// Nothing of who checks in where is in the log, and nothing of the person in what waits on the disk.
func TestCheckinKeepsQuiet(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	var log buffer
	n := p.patientWith(CheckinConfig{}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	_, err := n.checkins.keepCAN(t.Context(), control.CheckinCAN{CAN: "123123"})
	check(t, err)
	person := control.CheckinVirtual{Name: "Klara Kanarie", KVNR: "X110639491", IK: "104212059"}
	for _, away := range []bool{false, true} {
		if away {
			p.away(n)
		}
		s := agreed(t, n, control.CheckinBegin{Workplace: "REZEPTION-1"})
		person.ID = s.ID
		_, err = n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID})
		check(t, err)
		_, _ = n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID, Response: "6a82"})
		done, err := n.checkins.virtual(t.Context(), person)
		if err != nil || done.State == control.CheckinStateCanceled {
			t.Fatalf("%+v %v", done, err)
		}
	}
	p.cut(n)
	for _, e := range n.checkins.all() {
		n.checkins.goOn(t.Context(), e)
		shown, err := json.Marshal(n.checkins.shown(e))
		check(t, err)
		for _, personal := range []string{person.Name, person.KVNR, person.IK} {
			if bytes.Contains(shown, []byte(personal)) {
				t.Errorf("the check-in says %q", personal)
			}
		}
	}
	if all := p.arrived(); len(all) != 1 || !strings.HasPrefix(all[0].Name, person.Name) {
		t.Errorf("%+v", all) // or the search below proves nothing
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if log.Len() == 0 {
		t.Error("nothing was logged: this proves nothing")
	}
	for _, secret := range []string{person.Name, "Kanarie", person.KVNR, person.IK, "123123", empfangID, "Beispiel", "REZEPTION", p.host.ID().String()} {
		if bytes.Contains(log.Bytes(), []byte(secret)) {
			t.Errorf("the log says %q: %s", secret, log.String())
		}
	}
	check(t, n.home.Store.Audit(func(bucket string, _, value []byte) error {
		for _, personal := range []string{"Kanarie", person.KVNR} {
			if bytes.Contains(value, []byte(personal)) {
				t.Errorf("bucket %s holds %q", bucket, personal)
			}
		}
		return nil
	}))
}
