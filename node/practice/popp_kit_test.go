package practice

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/store"
)

const (
	pharmacy   = popp.TelematikID("3-07.2.1444560000.16.108")
	erikaKVNR  = "X110540756"
	maxKVNR    = "X110639491"
	pathPull   = "/popp/practitioner/api/v1/token-generation-ckeck-in"
	pathEntity = "/.well-known/openid-federation"
)

// keysAgain: a service that did not give its keys is asked for them again (package popp/keys).
const keysAgain = 6 * time.Minute

// surgery is a practice with a double of a PoPP service, which a test can have say other things.
type surgery struct {
	t      *testing.T
	n      *Node
	net    *testnet.Net
	clock  *testnet.Clock
	pairs  *egk.PairList
	key    *ecdsa.PrivateKey // of the practice
	signer *ecdsa.PrivateKey // of the service
	url    string
	log    logged
	cfg    service.Config

	double            atomic.Pointer[service.Service]
	entity            atomic.Pointer[string]   // said in place of the entity statement; "" is HTTP 503
	deliver           atomic.Pointer[delivery] // said once to the next pull
	pulls, registered atomic.Int32
	patient           *client.Client
	pharmacy          *client.Practice
}

type delivery struct {
	workplace string
	tokens    []string
}

// logged is what the node logs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

func newSurgery(t *testing.T) *surgery {
	t.Helper()
	w := &surgery{
		t: t, net: testnet.New(t, testnet.Config{Good: 28 * 24 * time.Hour}), clock: &testnet.Clock{}, pairs: &egk.PairList{},
		key: newKey(), signer: newKey(),
	}
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	w.url = "http://" + listener.Addr().String()
	trust := must(w.net.Bundle.PatientCards())
	trust.Pairs = w.pairs
	other := newKey()
	w.cfg = service.Config{
		Issuer: w.url, Trust: trust, Now: w.clock.Now, Key: w.signer,
		Practices: []service.Practice{{TelematikID: pharmacy, Profession: "1.2.276.0.76.4.54", Key: &other.PublicKey}},
	}
	w.forget()
	server := &http.Server{Handler: http.HandlerFunc(w.serve), ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-served })

	w.patient = must(client.New(client.Config{FQDN: w.url, ZETA: must(zeta.New(zeta.Config{Now: w.clock.Now}))}))
	w.pharmacy = must(client.NewPractice(client.Config{FQDN: w.url, ZETA: must(zeta.New(zeta.Config{
		Scope: scopeGenerate, Subject: zeta.Subject(string(pharmacy), other, w.clock.Now), Now: w.clock.Now,
	}))}))
	for _, start := range []func(context.Context) error{w.patient.Init, w.pharmacy.Init} {
		if err := start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	w.idle()
	w.admit()
	return w
}

// forget has the service forget everybody but the practices that it was told of.
func (w *surgery) forget() {
	w.double.Store(must(service.New(w.cfg)))
	if w.n != nil {
		w.admit()
	}
}

// admit tells the service of the practice.
func (w *surgery) admit() {
	w.t.Helper()
	if err := w.double.Load().Add(service.Practice{TelematikID: w.id(), Profession: "1.2.276.0.76.4.50", Key: &w.key.PublicKey}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *surgery) id() popp.TelematikID { return popp.TelematikID(w.n.licence().TelematikID) }

func (w *surgery) serve(out http.ResponseWriter, r *http.Request) {
	if text := w.entity.Load(); text != nil && r.URL.Path == pathEntity {
		if *text == "" {
			out.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		out.Header().Set("Content-Type", "application/entity-statement+jwt")
		_, _ = out.Write([]byte(*text))
		return
	}
	if r.URL.Path == "/register" {
		w.registered.Add(1)
	}
	if r.URL.Path == pathPull {
		w.pulls.Add(1)
		if d := w.deliver.Swap(nil); d != nil {
			out.Header().Set("X-WorkplaceID", d.workplace)
			_ = json.NewEncoder(out).Encode(d.tokens)
			return
		}
	}
	w.double.Load().ServeHTTP(out, r)
}

func (w *surgery) start() {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n, err := Start(w.t.Context(), Config{
		Home: w.net.Home("p"), Network: w.net.File, Secret: store.KeyFile(), Details: cologne, Listen: loopback, Now: w.clock.Now, Log: log,
		Service: ServiceConfig{URL: w.url, Key: w.key},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.n = n
	w.t.Cleanup(func() { _ = n.Close() })
}

// idle waits until the node has asked the service for the first time by itself. It asks again half a minute later.
func (w *surgery) idle() {
	w.t.Helper()
	testnet.Until(w.t, "it asks the service", func() bool {
		w.n.service.mu.Lock()
		defer w.n.service.mu.Unlock()
		return w.n.service.count.asked
	})
}

func (w *surgery) restart() {
	w.t.Helper()
	stop(w.t, w.n)
	w.start()
	w.idle()
}

func (w *surgery) fetch() control.ArrivalsFetched {
	w.t.Helper()
	got, err := w.n.fetchArrivals(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

// holder is a virtual card of somebody, which the insurer has told the service of.
func (w *surgery) holder(kvnr string) card.Channel {
	w.t.Helper()
	holder := w.unlisted(kvnr)
	if err := w.pairs.Add(sha256.Sum256(holder.EndEntity), sha256.Sum256(holder.X509)); err != nil {
		w.t.Fatal(err)
	}
	return must(card.VirtualPatient(holder))
}

func (w *surgery) unlisted(kvnr string) card.Patient {
	test := w.net.Bundle.Test
	pki := must(egk.TestPKIOf(must(card.LoadTestCA(test.PrivateKey, test.Certificate)), w.net.Bundle.IssuedAt()))
	return must(egk.NewPatient(pki, egk.VirtualOptions{Seed: sha256.Sum256([]byte(kvnr)), Name: "Erika Muster", KVNR: kvnr, Now: w.net.Bundle.IssuedAt()}))
}

// arrive has somebody check in through the service.
func (w *surgery) arrive(at popp.TelematikID, workplace popp.WorkplaceID, kvnr string) {
	w.t.Helper()
	virtual := w.holder(kvnr)
	d := w.patient.EGK(client.Place{TelematikID: at, Workplace: workplace})
	defer d.Close()
	var response []byte
	for {
		step, status, err := d.Next(w.t.Context(), response)
		if err != nil {
			w.t.Fatal(err)
		}
		if status != nil {
			return
		}
		response = must(virtual.Transmit(w.t.Context(), step.Command))
	}
}

// foreign is a token that was made for the pharmacy.
func (w *surgery) foreign() string {
	w.t.Helper()
	w.arrive(pharmacy, "HV-1", erikaKVNR)
	got, err := w.pharmacy.Pull(w.t.Context(), pharmacy)
	if err != nil || len(got) != 1 {
		w.t.Fatal(got, err)
	}
	return got[0].Token
}

func (w *surgery) arrivals() []control.Arrival {
	w.t.Helper()
	return must(w.n.listArrivals(w.t.Context(), control.ArrivalsQuery{Since: w.clock.Now().Add(-20 * 24 * time.Hour)}))
}

// kept counts what stands in a bucket.
func (w *surgery) kept(bucket string) (n int) {
	w.t.Helper()
	err := w.n.home.Store.Audit(func(b string, _, value []byte) error {
		if b == bucket {
			n++
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// silent makes sure that the log names nobody.
func (w *surgery) silent() {
	w.t.Helper()
	for _, secret := range []string{erikaKVNR, maxKVNR, "109500969", "Muster", "eyJ", string(pharmacy)} {
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("the log has %q:\n%s", secret, w.log.String())
		}
	}
}
