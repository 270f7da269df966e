package service_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/brainpool"
	"pieks/card/cvc"
	"pieks/card/egk"
	"pieks/card/published"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
)

const (
	practiceID = popp.TelematikID("1-SMC-B-Testkarte-883110000168650")
	profession = "1.2.276.0.76.4.50"
)

// start is when the towns of these tests begin.
var start = time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)

// clock is a virtual one.
type clock struct {
	lock sync.Mutex
	t    time.Time
}

func (c *clock) now() time.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.t = c.t.Add(d)
}

// seen is a request as it came over the wire.
type seen struct {
	method, uri, body string
	header            http.Header
}

// town is a double that is served on a real socket, with a patient's and a practice's client.
type town struct {
	*clock
	service  *service.Service
	url      string
	pairs    *egk.PairList
	key      *ecdsa.PrivateKey // of the practice
	patient  *client.Client
	practice *client.Practice

	lock     sync.Mutex
	requests []seen
	stop     func() // serves no more
}

// setup makes a town; change may alter what it is made of.
func setup(t *testing.T, change func(*service.Config), compat client.Compat) *town {
	t.Helper()
	w := &town{clock: &clock{t: start}, pairs: &egk.PairList{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + listener.Addr().String()
	if w.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	root, err := cvc.Parse(published.CVCRoot())
	if err != nil {
		t.Fatal(err)
	}
	c := service.Config{
		Issuer:    w.url,
		Trust:     egk.Trust{Roots: card.Roots{CAs: [][]byte{published.CA()}}, CVC: []*cvc.Certificate{root}, Pairs: w.pairs},
		Practices: []service.Practice{{TelematikID: practiceID, Profession: profession, Key: &w.key.PublicKey}},
		Now:       w.now,
	}
	if change != nil {
		change(&c)
	}
	if w.service, err = service.New(c); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(w.recording(w.service))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	w.stop = server.Close
	t.Cleanup(server.Close)
	w.patient, w.practice = w.newPatient(t, zeta.Config{}, compat), w.newPractice(t, compat)
	return w
}

// recording keeps what comes in.
func (w *town) recording(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := readAll(r)
		if err != nil {
			http.Error(out, "", http.StatusBadRequest)
			return
		}
		w.lock.Lock()
		w.requests = append(w.requests, seen{r.Method, r.URL.RequestURI(), body, r.Header.Clone()})
		w.lock.Unlock()
		next.ServeHTTP(out, r)
	})
}

func (w *town) saw() []seen {
	w.lock.Lock()
	defer w.lock.Unlock()
	return append([]seen(nil), w.requests...)
}

func (w *town) newPatient(t *testing.T, z zeta.Config, compat client.Compat) *client.Client {
	t.Helper()
	z.Now = w.now
	guard, err := zeta.New(z)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Config{FQDN: w.url, ZETA: guard, UserAgent: "PIEKS-TEST/1.0", Compat: compat})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *town) newPractice(t *testing.T, compat client.Compat) *client.Practice {
	t.Helper()
	guard, err := zeta.New(zeta.Config{Scope: "token:generate", Subject: service.Subject(practiceID, w.key, w.now), Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	p, err := client.NewPractice(client.Config{FQDN: w.url, ZETA: guard, Compat: compat})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// keys are those of the double's tokens.
func (w *town) keys(t *testing.T) *popp.KeySet {
	t.Helper()
	raw, err := w.service.Keys()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := popp.ParseKeySet(raw)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// cardA is gematik's published test card (popp.md 7.1), with its key.
func cardA(t *testing.T) card.Channel {
	t.Helper()
	v, err := card.VirtualPatient(patientA(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func patientA(t *testing.T) card.Patient {
	t.Helper()
	a := published.CardA()
	key, err := brainpool.NewKey(a.Key)
	if err != nil {
		t.Fatal(err)
	}
	return card.Patient{Version2: a.Version2, GDO: a.GDO, SubCA: a.SubCA, EndEntity: a.EndEntity, X509: a.X509, Key: key}
}

// list puts card A on the hash database.
func (w *town) list(t *testing.T) {
	t.Helper()
	if err := w.pairs.Add(hashOf(published.CardA().EndEntity), hashOf(published.CardA().X509)); err != nil {
		t.Fatal(err)
	}
}

// prove drives a whole dialogue and says which commands there were.
func prove(ctx context.Context, c *client.Client, at client.Place, ch card.Channel) (sent [][]byte, status *popp.Status, err error) {
	d := c.EGK(at)
	defer d.Close()
	var response []byte
	for {
		step, status, err := d.Next(ctx, response)
		if err != nil || status != nil {
			return sent, status, err
		}
		sent = append(sent, step.Command)
		if response, err = ch.Transmit(ctx, step.Command); err != nil {
			return sent, nil, err
		}
	}
}

var errPulled = errors.New("the card was pulled")

// channel is a card that is stood in for.
type channel func(ctx context.Context, command []byte) ([]byte, error)

func (c channel) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	return c(ctx, command)
}
