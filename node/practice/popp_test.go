package practice

import (
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin"
	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/keys"
	"pieks/node/checkin/popp/zeta"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/store"
)

// Two patients at two workplaces (T32): each becomes an arrival at the right one, once, and the practice's other programs get the service's token.
func TestServiceDelivers(t *testing.T) {
	w := newSurgery(t)
	w.arrive(w.id(), "REZEPTION-1", erikaKVNR)
	w.arrive(w.id(), "LABOR", maxKVNR)
	changed := w.n.Changes().Next()
	if got := w.fetch(); got != (control.ArrivalsFetched{Added: 2}) {
		t.Fatalf("%+v", got)
	}
	select {
	case <-changed:
	default:
		t.Error("pages were not woken")
	}
	for kvnr, workplace := range map[string]string{erikaKVNR: "REZEPTION-1", maxKVNR: "LABOR"} {
		list := must(w.n.listArrivals(t.Context(), control.ArrivalsQuery{Workplace: workplace, Since: w.clock.Now().Add(-time.Hour)}))
		if len(list) != 1 || list[0].KVNR != kvnr || list[0].IK != "109500969" || list[0].Kind != "popp" || list[0].Proof != string(popp.ProofProviderCVC) {
			t.Errorf("%s: %+v", workplace, list)
			continue
		}
		token := must(w.n.arrivalToken(t.Context(), control.ArrivalName{ID: list[0].ID}))
		set := must(popp.ParseKeySet(must(w.double.Load().Keys())))
		if _, err := popp.Verify(token.Token, set, popp.Rules{At: w.clock.Now(), Actor: w.id(), Issuer: w.url, Kind: popp.KindPoPP}); err != nil {
			t.Error(err)
		}
	}
	if got := w.fetch(); got != (control.ArrivalsFetched{}) || len(w.arrivals()) != 2 || w.kept("checkin/waiting") != 0 {
		t.Errorf("%+v", got)
	}
	for _, f := range must(w.n.doctor(t.Context())) {
		if f.Check == "popp service" && (!f.OK || !strings.Contains(f.Detail, "2 check-ins")) {
			t.Errorf("%+v", f)
		}
	}
	w.silent()
}

// What came while the practice was off is there by itself when it is on again.
func TestServiceIsAskedAtStart(t *testing.T) {
	w := newSurgery(t)
	stop(t, w.n)
	id := w.id()
	w.arrive(id, "REZEPTION-1", erikaKVNR)
	w.start()
	testnet.Until(t, "the arrival is there", func() bool { return len(w.arrivals()) == 1 })
}

// A token for somebody else (T5) is counted, and nowhere on the disk, not even while there are no keys to tell that it is genuine.
func TestServiceForeign(t *testing.T) {
	w := newSurgery(t)
	foreign := w.foreign()
	for _, gone := range []bool{true, false} {
		w.entity.Store(nil)
		if gone {
			w.entity.Store(new(string))
		}
		w.deliver.Store(&delivery{"HV-1", []string{foreign, foreign}})
		if got := w.fetch(); got != (control.ArrivalsFetched{Foreign: 2}) {
			t.Errorf("%+v", got)
		}
	}
	if n := w.kept("checkin/waiting") + w.kept("checkin/tokens"); n != 0 || len(w.arrivals()) != 0 {
		t.Errorf("%d are kept, %+v", n, w.arrivals())
	}
	// Kept for a card that the practice had before.
	if _, err := w.n.arrivals.Keep(t.Context(), []checkin.Delivered{{Token: foreign}}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(keysAgain)
	if got := w.fetch(); got != (control.ArrivalsFetched{Foreign: 1}) || w.kept("checkin/waiting") != 0 || len(w.arrivals()) != 0 {
		t.Errorf("%+v", got)
	}
	if f := w.n.serviceFinding()[0]; !strings.Contains(f.Detail, "5 tokens for other institutions") {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(w.log.String(), "foreign=2") {
		t.Error("nobody is told")
	}
	w.silent()
}

// twin is the same token with the other signature that ECDSA has for it.
func twin(t *testing.T, compact string) string {
	t.Helper()
	at := strings.LastIndexByte(compact, '.')
	signature := must(base64.RawURLEncoding.DecodeString(compact[at+1:]))
	s := new(big.Int).SetBytes(signature[32:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(signature[32:])
	return compact[:at+1] + base64.RawURLEncoding.EncodeToString(signature)
}

// A token counts once, however often it comes, in whatever form, and also after a restart.
func TestServiceTwice(t *testing.T) {
	w := newSurgery(t)
	w.arrive(w.id(), "REZEPTION-1", erikaKVNR)
	w.fetch()
	a := w.arrivals()[0]
	token := must(w.n.arrivalToken(t.Context(), control.ArrivalName{ID: a.ID})).Token
	again := func() {
		t.Helper()
		for _, same := range []string{token, twin(t, token)} {
			w.deliver.Store(&delivery{"LABOR", []string{same, same}})
			if got := w.fetch(); got != (control.ArrivalsFetched{}) {
				t.Errorf("%+v", got)
			}
		}
		if list := w.arrivals(); len(list) != 1 || list[0].ID != a.ID || list[0].Workplace != "REZEPTION-1" {
			t.Errorf("%+v", list)
		}
		if n := w.kept("checkin/waiting"); n != 0 {
			t.Errorf("%d wait", n)
		}
	}
	again()
	known := w.registered.Load()
	w.restart()
	again()
	if n := w.registered.Load(); n != known {
		t.Errorf("the service got to know it %d times more", n-known)
	}
}

// The service gives a token once. Without its keys, or with damaged ones, it waits, also over a restart; kept keys do without the service.
func TestServiceKeysLater(t *testing.T) {
	for name, entity := range map[string]string{"not reached": "", "damaged": "eyJ4IjoxfQ.e30.AAAA", "nonsense": "x"} {
		t.Run(name, func(t *testing.T) {
			w := newSurgery(t)
			w.entity.Store(&entity)
			w.arrive(w.id(), "REZEPTION-1", erikaKVNR)
			for range 2 {
				got := w.fetch()
				if got.Waiting != 1 || got.Message == "" || got.Added+got.Refused+got.Foreign != 0 || len(w.arrivals()) != 0 {
					t.Fatalf("%+v, %+v", got, w.arrivals())
				}
				if f := w.n.serviceFinding()[0]; f.OK || f.Next == "" || !strings.Contains(f.Detail, "1 wait") {
					t.Errorf("%+v", f)
				}
				w.restart()
			}
			w.entity.Store(nil)
			w.clock.Advance(keysAgain)
			if got := w.fetch(); got != (control.ArrivalsFetched{Added: 1}) || w.arrivals()[0].Workplace != "REZEPTION-1" {
				t.Fatalf("%+v", got)
			}
			w.entity.Store(&entity)
			w.clock.Advance(2 * time.Hour)
			w.restart()
			w.arrive(w.id(), "", maxKVNR)
			if got := w.fetch(); got != (control.ArrivalsFetched{Added: 1}) || len(w.arrivals()) != 2 {
				t.Errorf("with kept keys: %+v", got)
			}
			w.silent()
		})
	}
}

// What does not hold is not kept; what does not hold any more is dropped.
func TestServiceRefused(t *testing.T) {
	w := newSurgery(t)
	w.arrive(w.id(), "REZEPTION-1", erikaKVNR)
	var real []client.Delivery
	c, id, err := w.n.service.start(t.Context())
	if err == nil {
		real, err = c.Pull(t.Context(), id)
	}
	if err != nil || len(real) != 1 {
		t.Fatal(real, err)
	}
	token := real[0].Token
	parts := strings.Split(token, ".")
	flipped := parts[0] + "." + parts[1] + "." + strings.Repeat("A", 42) + parts[2][42:]
	presence := must(jose.SignES256(w.signer, jose.Header{Type: popp.TypePresence, KeyID: "k"}, []byte(`{}`)))
	other := must(jose.SignES256(newKey(), jose.Header{Type: popp.TypePoPP, KeyID: must(jose.Parse(token, popp.MaxToken)).KeyID},
		must(jose.Parse(token, popp.MaxToken)).Payload))
	for name, bad := range map[string]string{"signature": flipped, "no PoPP token": presence, "another key": other} {
		w.deliver.Store(&delivery{"", []string{bad}})
		if got := w.fetch(); got != (control.ArrivalsFetched{Refused: 1}) || w.kept("checkin/waiting") != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	unknown := must(jose.SignES256(newKey(), jose.Header{Type: popp.TypePoPP, KeyID: "new"}, must(jose.Parse(token, popp.MaxToken)).Payload))
	w.deliver.Store(&delivery{"", []string{unknown}})
	if got := w.fetch(); got.Waiting != 1 {
		t.Errorf("a key that may come: %+v", got)
	}
	w.clock.Advance(8 * 24 * time.Hour)
	if got := w.fetch(); got.Waiting != 0 {
		t.Errorf("after a week: %+v", got)
	}

	// A clock that is behind passes, a quarter does not.
	for _, test := range []struct {
		at   time.Duration
		want control.ArrivalsFetched
	}{{-100 * 24 * time.Hour, control.ArrivalsFetched{Refused: 1}}, {time.Hour, control.ArrivalsFetched{Waiting: 1}}} { // what waits goes on waiting
		w.deliver.Store(&delivery{"", []string{w.issuedAt(token, w.clock.Now().Add(test.at))}})
		got := w.fetch()
		got.Message = ""
		if got != test.want {
			t.Errorf("made %s from now: %+v", test.at, got)
		}
	}
	w.clock.Advance(time.Hour)
	if got := w.fetch(); got != (control.ArrivalsFetched{Added: 1}) {
		t.Errorf("an hour later: %+v", got)
	}
	w.silent()
}

// issuedAt is a token of the service as if it had been made at another time.
func (w *surgery) issuedAt(token string, at time.Time) string {
	w.t.Helper()
	m := must(jose.Parse(token, popp.MaxToken))
	o := must(jose.ParseObject(m.Payload))
	for _, name := range []string{"iat", "patientProofTime"} {
		o[name] = json.RawMessage(strconv.FormatInt(at.Unix(), 10))
	}
	return must(jose.SignES256(w.signer, jose.Header{Type: m.Type, KeyID: m.KeyID}, must(json.Marshal(o))))
}

// A guard that has forgotten the practice's program gets to know it anew.
func TestServiceForgets(t *testing.T) {
	w := newSurgery(t)
	w.fetch()
	w.forget()
	_ = w.patient.Init(t.Context())
	w.patient = must(client.New(client.Config{FQDN: w.url, ZETA: must(zeta.New(zeta.Config{Now: w.clock.Now}))}))
	if err := w.patient.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.arrive(w.id(), "", erikaKVNR)
	if _, err := w.n.fetchArrivals(t.Context()); control.CodeOf(err) != control.CodeCheckinService {
		t.Errorf("%v", err)
	}
	if got := w.fetch(); got != (control.ArrivalsFetched{Added: 1}) {
		t.Errorf("%+v", got)
	}
}

// With more than can be kept nothing is fetched: at the service it is not lost.
func TestServiceFull(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 3,745 tokens and forgets each by itself")
	}
	w := newSurgery(t)
	w.fetch()
	var many []checkin.Delivered
	for i := range checkin.MaxWaiting - client.MaxDelivery + 1 {
		many = append(many, checkin.Delivered{Token: fmt.Sprintf("a.%d.c", i)})
	}
	if _, err := w.n.arrivals.Keep(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	w.arrive(w.id(), "", erikaKVNR)
	before := w.pulls.Load()
	got, err := w.n.fetchArrivals(t.Context())
	if err != nil || w.pulls.Load() != before {
		t.Errorf("%d pulls more, %+v %v", w.pulls.Load()-before, got, err)
	}
	// Those were no tokens, so they are gone, and there is room.
	if got := w.fetch(); got != (control.ArrivalsFetched{Added: 1}) {
		t.Errorf("%+v", got)
	}
}

// A practice that is not enrolled asks nobody, and one without a service says so.
func TestNoService(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	if _, err := n.fetchArrivals(t.Context()); control.CodeOf(err) != control.CodeCheckinService || control.KindOf(err) != control.KindConflict {
		t.Errorf("%v", err)
	}
	if _, err := n.readCard(t.Context(), control.ArrivalAnswer{}); control.CodeOf(err) != control.CodeCheckinService {
		t.Errorf("%v", err)
	}
	stop(t, n)
	cfg := Config{Home: net.Home("q"), Network: net.File, Secret: store.KeyFile(), Listen: loopback, Now: clock.Now}
	for name, bad := range map[string]ServiceConfig{
		"no key": {URL: "https://popp.example"}, "not https": {URL: "http://popp.example", Key: newKey()}, "no address": {URL: "https://", Key: newKey()},
	} {
		cfg.Service = bad
		if n, err := Start(t.Context(), cfg); err == nil {
			_ = n.Close()
			t.Errorf("%s: it started", name)
		}
	}
	cfg.Service = ServiceConfig{URL: "popp.example", Key: newKey()}
	n, err := Start(t.Context(), cfg) // without details there is no enrolment
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.fetchArrivals(t.Context()); !errors.Is(err, ErrNoDetails) {
		t.Errorf("%v", err)
	}
	stop(t, n)
}

func TestAskAfter(t *testing.T) {
	for _, c := range []struct {
		err  error
		want time.Duration
	}{
		{nil, 30 * time.Second},
		{errors.New("offline"), 2 * time.Minute},
		{fmt.Errorf("x: %w", &client.ServiceError{Status: 500}), 10 * time.Minute},
		{&client.ServiceError{Status: 503, RetryAfter: 20 * time.Minute}, 20 * time.Minute},
		{&client.ServiceError{Status: 500, RetryAfter: 1000 * time.Hour}, time.Hour},
		{&client.ServiceError{Status: 403}, 2 * time.Minute},
		{errors.Join(&zeta.OAuthError{Status: 500}, nil), 10 * time.Minute},
		{&zeta.OAuthError{Status: 401}, 2 * time.Minute},
	} {
		if got := askAfter(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}

func TestFinal(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{popp.ErrActor, true}, {popp.ErrQuarter, true}, {popp.ErrSignature, true}, {popp.ErrClaims, true}, {popp.ErrType, true}, {popp.ErrIssuer, true},
		{popp.ErrKind, true}, {popp.ErrVersion, true}, {checkin.ErrUsedToken, true},
		{popp.ErrUnknownKey, false}, {popp.ErrFuture, false}, {keys.ErrNoKeys, false}, {fmt.Errorf("%w: %w", keys.ErrNoKeys, popp.ErrSignature), false},
		{checkin.ErrLimit, false}, {store.ErrFull, false}, {t.Context().Err(), false}, {errors.New("x"), false},
	} {
		if got := final(fmt.Errorf("verify token: %w", c.err)); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
