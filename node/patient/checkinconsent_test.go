package patient

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"pieks/node/checkin/healthid"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

// counting is a host that counts what leaves it: streams that are opened and peers that are dialled.
type counting struct {
	libhost.Host
	streams, dials atomic.Int32
}

func (c *counting) NewStream(ctx context.Context, id peer.ID, protocols ...protocol.ID) (network.Stream, error) {
	c.streams.Add(1)
	return c.Host.NewStream(ctx, id, protocols...)
}

func (c *counting) Connect(ctx context.Context, info peer.AddrInfo) error {
	c.dials.Add(1)
	return c.Host.Connect(ctx, info)
}

func (c *counting) left() int32 { return c.streams.Load() + c.dials.Load() }

// listener counts requests, and answers none.
func listener(t *testing.T) (address string, requests *atomic.Int32) {
	t.Helper()
	requests = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// asked is the transport to a directory service: it answers with one pharmacy and keeps what it was asked.
type asked struct {
	t        *testing.T
	requests []string
}

const pharmacyBundle = `{"resourceType":"Bundle","type":"searchset","total":1,"entry":[
 {"search":{"mode":"match"},"resource":{"resourceType":"HealthcareService","id":"hs1",
  "providedBy":{"reference":"Organization/o1"},"location":[{"reference":"Location/l1"}]}},
 {"search":{"mode":"include"},"resource":{"resourceType":"Organization","id":"o1","active":true,"name":"Rathausapotheke",
  "identifier":[{"system":"https://gematik.de/fhir/sid/telematik-id","value":"3-07.2.1444560000.16.108"}],
  "type":[{"coding":[{"system":"https://gematik.de/fhir/directory/CodeSystem/OrganizationProfessionOID","code":"1.2.276.0.76.4.54","display":"Apotheke"}]}]}},
 {"search":{"mode":"include"},"resource":{"resourceType":"Location","id":"l1",
  "address":{"line":["Theodor-Stern-Kai 7"],"postalCode":"60596","city":"Frankfurt am Main"}}}]}`

const pharmacy = "3-07.2.1444560000.16.108"

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.requests = append(a.requests, r.URL.String())
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/fhir+json")
	_, _ = w.WriteString(pharmacyBundle)
	return w.Result(), nil
}

// T27: before its user has agreed nothing leaves the node, by no way; the question to a directory service that is set up is the only one, and it holds
// nothing of who asks. The same count says that something leaves afterwards.
func TestNothingLeavesBeforeConsent(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	idp, atIDP := listener(t)
	service, atService := listener(t)
	directory := &asked{t: t}
	n := p.patient(CheckinConfig{
		Directory: "https://directory.example/", Transport: directory, Service: ServiceConfig{URL: service},
		HealthID: healthid.Config{List: idp + "/federation/list", ClientID: "pieks"},
	})
	host := &counting{Host: n.host}
	n.host = host
	connected := len(host.Network().Conns())

	c, ctx := n.checkins, t.Context()
	_, err := c.keepCAN(ctx, control.CheckinCAN{CAN: "123123"})
	check(t, err)
	code := `{"tid":"` + empfangID + `","typ":"popp-checkin","wpid":"REZEPTION-1"}`
	for _, text := range []string{code, empfangID, "https://evil.example/?tid=1-2", pharmacy} {
		_, _ = c.scan(ctx, control.CheckinScan{Text: text})
	}
	_, err = c.institutions(ctx, control.InstitutionQuery{Text: "Beispiel"})
	check(t, err)
	s := newCheckin(t, n, control.CheckinBegin{Workplace: "REZEPTION-1", CallBack: "https://app.example/done"})
	far := newCheckin(t, n, control.CheckinBegin{TelematikID: pharmacy})
	for _, id := range []string{s.ID, far.ID} {
		for what, try := range map[string]func() error{
			"card":    func() error { _, err := c.card(ctx, control.CheckinAnswer{ID: id}); return err },
			"answer":  func() error { _, err := c.card(ctx, control.CheckinAnswer{ID: id, Response: "9000"}); return err },
			"virtual": func() error { _, err := c.virtual(ctx, control.CheckinVirtual{ID: id}); return err },
			"login": func() error {
				_, err := c.beginLogin(ctx, control.CheckinLogin{ID: id, Insurer: "https://idp.example", Back: "http://127.0.0.1:1/"})
				return err
			},
		} {
			if err := try(); control.CodeOf(err) != control.CodeConsent {
				t.Errorf("%s before the consent: %v", what, err)
			}
		}
		_, err = c.status(ctx, control.CheckinName{ID: id})
		check(t, err)
	}
	_, err = c.showOptions(ctx)
	check(t, err)
	_, err = c.list(ctx)
	check(t, err)
	_, err = c.setFavourite(ctx, control.Favourite{TelematikID: empfangID, Alias: "Hausarzt"})
	check(t, err)
	c.wake()
	refused, err := c.consent(ctx, control.CheckinConsent{ID: far.ID})
	if err != nil || refused.State != control.CheckinStateCanceled {
		t.Errorf("%+v %v", refused, err)
	}

	if host.left() != 0 || len(host.Network().Conns()) != connected {
		t.Errorf("%d streams and %d dials before the consent", host.streams.Load(), host.dials.Load())
	}
	if atIDP.Load() != 0 || atService.Load() != 0 {
		t.Errorf("%d requests to the insurer's side, %d to the PoPP service", atIDP.Load(), atService.Load())
	}
	for _, request := range directory.requests {
		for _, personal := range []string{"123123", "X110540756", "REZEPTION"} {
			if strings.Contains(request, personal) {
				t.Errorf("the directory service hears %q", personal)
			}
		}
	}
	if len(directory.requests) != 2 { // the pharmacy by its id, and the words of the search; what was shown is not asked for again
		t.Errorf("the directory service was asked %d times", len(directory.requests))
	}

	_, err = c.consent(ctx, control.CheckinConsent{ID: s.ID, Agree: true})
	check(t, err)
	if host.left() != 0 {
		t.Error("the consent itself sends something")
	}
	if tapped(t, n, s.ID); host.left() == 0 {
		t.Error("nothing left with the proof either: this counts nothing")
	}
	_, _ = c.showOptions(ctx)
	again := newCheckin(t, n, control.CheckinBegin{})
	_, err = c.consent(ctx, control.CheckinConsent{ID: again.ID, Agree: true})
	check(t, err)
	if _, _ = c.showOptions(ctx); atIDP.Load() == 0 {
		t.Error("the insurers are never asked for")
	}
}

// A refusal leaves nothing, on the disk and in the history; what was never agreed to is not written down at all.
func TestRefusalLeavesNothing(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	written := func() (count int) {
		check(t, n.home.Store.Audit(func(bucket string, _, _ []byte) error {
			if bucket == checkinBucket.Name() {
				count++
			}
			return nil
		}))
		return count
	}
	s := newCheckin(t, n, control.CheckinBegin{CallBack: "https://app.example/done?x=1"})
	e, err := n.checkins.find(s.ID)
	check(t, err)
	check(t, n.checkins.change(t.Context(), e, func(r *checkinRecord) { r.Message = "anything" }))
	if written() != 0 {
		t.Error("written down before anybody agreed")
	}
	refused, err := n.checkins.consent(t.Context(), control.CheckinConsent{ID: s.ID})
	check(t, err)
	if refused.State != control.CheckinStateCanceled || refused.Why != control.CodeConsent || !strings.Contains(refused.CallBack, "state=canceled") {
		t.Errorf("%+v", refused)
	}
	list, err := n.checkins.list(t.Context())
	check(t, err)
	if len(list) != 0 || written() != 0 {
		t.Errorf("%d in the history, %d on the disk", len(list), written())
	}
	for _, try := range []error{
		func() error { _, err := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID}); return err }(),
		func() error {
			_, err := n.checkins.consent(t.Context(), control.CheckinConsent{ID: s.ID, Agree: true})
			return err
		}(),
	} {
		if control.CodeOf(try) != control.CodeNoCheckin {
			t.Error(try)
		}
	}
	// What was agreed to and not proved goes the same way, by its user's wish or by itself.
	ended := agreed(t, n, control.CheckinBegin{})
	if written() != 1 {
		t.Error("an agreement is not written down")
	}
	_, err = n.checkins.end(t.Context(), control.CheckinName{ID: ended.ID})
	check(t, err)
	lapsed := agreed(t, n, control.CheckinBegin{})
	clock.Advance(proveWithin)
	n.checkins.prune(t.Context())
	if _, err := n.checkins.find(lapsed.ID); err == nil || written() != 0 {
		t.Errorf("an old agreement stays: %v, %d on the disk", err, written())
	}
	if all := p.arrived(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}
