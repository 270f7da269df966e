package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"pieks/node/control"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// fake is a node whose answers the test sets.
type fake struct {
	mu       sync.Mutex
	now      time.Time
	status   control.Status
	traffic  control.Traffic
	findings []control.Finding
	err      error
	asked    map[string]int
	block    chan struct{} // when set, answers wait for it
	once     sync.Once
	entered  chan struct{} // closed when the first waits
}

func newFake() *fake {
	return &fake{
		now: noon, asked: map[string]int{},
		status: control.Status{
			Role: "relay", Version: "1.2.3", Started: noon.Add(-time.Hour), Network: control.Network{ID: "n", Expires: noon.Add(24 * time.Hour)},
			Relays:  []control.Relay{{PeerID: "12D3KooWOther", Operator: "Verein Geheim", Connected: true}, {PeerID: "12D3KooWThird"}},
			PeerIDs: []string{"12D3KooWSelf"}, Home: "/home/secret",
			Pool:    []control.PoolRegion{{Region: "50667", Sheets: 2, Slots: 7}, {Region: "506", Sheets: 1, Slots: 3}},
			Clients: 12, Circuits: 4, Mailbox: 9, Outbox: 3, Limits: []control.Limit{{Name: "monthly volume", Count: 2}},
		},
		traffic: control.Traffic{
			Rates: []control.Rate{{Seconds: 10, CircuitsMean: 1.5, EnvelopesPerS: 0.5}}, Month: "2026-11", MonthBytes: 5e9, QuotaBytes: 20e9, TotalBytes: 1234,
			Regions: []string{"50"},
		},
		findings: []control.Finding{{Check: "store", OK: true}, {Check: "listening", OK: true, Detail: "/ip4/192.0.2.7/tcp/4001"}},
	}
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fake) handlers(methods ...string) control.Handlers {
	h := control.Handlers{}
	for _, method := range methods {
		h[method] = func(context.Context, json.RawMessage) (any, error) {
			f.mu.Lock()
			f.asked[method]++
			block := f.block
			f.mu.Unlock()
			if block != nil {
				f.once.Do(func() { close(f.entered) })
				<-block
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			switch method {
			case control.MethodStatus:
				return f.status, f.err
			case control.MethodTraffic:
				return f.traffic, nil
			case control.MethodSlotsList:
				return []control.Appointment{{State: "open"}, {State: "booked"}, {State: "open"}}, nil
			}
			return f.findings, nil
		}
	}
	return h
}

func (f *fake) relay() http.Handler {
	return newHandler("relay", f.handlers(control.MethodStatus, control.MethodTraffic, control.MethodDoctor), noon, f.clock)
}

func get(t testing.TB, h http.Handler, path string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Result()
}

func text(t testing.TB, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func ready(t testing.TB, h http.Handler) (int, report) {
	t.Helper()
	r := get(t, h, "/readyz")
	var got report
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if kind := r.Header.Get("Content-Type"); kind != "application/health+json" {
		t.Errorf("content type %s", kind)
	}
	return r.StatusCode, got
}

// What is found, what that makes of the node, and which check says so.
func TestReadiness(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*fake)
		code   int
		status string
		check  string // with that status, unless it is pass
	}{
		{"all is well", func(*fake) {}, 200, pass, ""},
		{"network file expired", func(f *fake) { f.status.ReadOnly, f.status.Network.Expires = "expired", noon }, 503, fail, "network-file:expiry"},
		{"network file expires in a second", func(f *fake) { f.status.Network.Expires = noon.Add(time.Second) }, 200, pass, ""},
		{"store read-only", func(f *fake) { f.status.ReadOnly = "the store's folder cannot be written" }, 503, fail, "node:writable"},
		{"store damaged", func(f *fake) { f.findings[0].OK = false }, 503, fail, "store:consistency"},
		{"no relay for a moment", func(f *fake) { f.status.Offline = noon.Add(-apartWarns + time.Second) }, 200, pass, ""},
		{"no relay for five minutes", func(f *fake) { f.status.Offline = noon.Add(-apartWarns) }, 200, warn, "relays:connections"},
		{"volume used up", func(f *fake) { f.traffic.Full = true }, 200, warn, "volume:utilization"},
		{"something else", func(f *fake) { f.findings[1].OK = false }, 200, warn, "doctor:listening"},
		{"no answer", func(f *fake) { f.err = errors.New("stopped at /home/secret") }, 503, fail, "node:answers"},
		{"both", func(f *fake) { f.traffic.Full, f.status.ReadOnly = true, "x" }, 503, fail, "node:writable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			c.change(f)
			code, got := ready(t, f.relay())
			if code != c.code || got.Status != c.status {
				t.Fatalf("%d %s, want %d %s: %+v", code, got.Status, c.code, c.status, got.Checks)
			}
			if c.name != "no answer" && got.Version != "1.2.3" {
				t.Errorf("version %q", got.Version)
			}
			for name, checks := range got.Checks {
				for _, found := range checks {
					if name == c.check && found.Status != c.status || name != c.check && found.Status == fail {
						t.Errorf("%s: %+v", name, found)
					}
					if found.Time != noon || found.Type == "" {
						t.Errorf("%s: %+v", name, found)
					}
				}
			}
			if _, ok := got.Checks[c.check]; c.check != "" && !ok {
				t.Errorf("no check %s in %+v", c.check, got.Checks)
			}
		})
	}
}

// The process lives also when the node has nothing to say.
func TestAlive(t *testing.T) {
	f := newFake()
	f.err = errors.New("x")
	r := get(t, f.relay(), "/healthz")
	if body := text(t, r); r.StatusCode != 200 || body != "{\"status\":\"pass\"}\n" || len(f.asked) != 0 {
		t.Errorf("%d %s, asked %v", r.StatusCode, body, f.asked)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	h := newFake().relay()
	for path, want := range map[string]int{"/": 404, "/v1/status": 404, "/metrics/": 404, "/debug/pprof/": 404} {
		if r := get(t, h, path); r.StatusCode != want {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/metrics", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// Prometheus' own parser reads what a relay says, sums and nothing of anybody.
func TestMetricsOfARelay(t *testing.T) {
	f := newFake()
	r := get(t, f.relay(), "/metrics")
	body := text(t, r)
	for _, secret := range []string{"12D3", "50667", "506", "Geheim", "secret", "192.0.2"} {
		if strings.Contains(body, secret) {
			t.Errorf("the metrics name %q", secret)
		}
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		"start_time_seconds": float64(noon.Unix()), "clients": 12, "reachable_hosts": 4, "mailbox_envelopes": 9, "pool_sheets": 3, "pool_slots": 10,
		"relays_connected": 1, "relays_known": 2, "traffic_bytes_total": 1234, "month_bytes": 5e9, "month_quota_bytes": 20e9, "full": 0,
		"circuits": 1.5, "envelopes_per_second": 0.5, "limit_hits_total": 2, "info": 1, "read_only": 0,
	} {
		family := families["pieks_relay_"+name]
		if family == nil || len(family.Metric) != 1 {
			t.Errorf("no pieks_relay_%s", name)
			continue
		}
		m := family.Metric[0]
		if got := m.GetGauge().GetValue() + m.GetCounter().GetValue(); got != want {
			t.Errorf("%s is %f", name, got)
		}
	}
	for name := range families {
		if !strings.HasPrefix(name, "pieks_relay_") {
			t.Errorf("%s", name)
		}
	}
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; version=") {
		t.Errorf("content type %s", kind)
	}
}

// A practice says how much waits and how much is open, a patient's node only how much waits.
func TestMetricsOfOthers(t *testing.T) {
	f := newFake()
	practice := newHandler("practice", f.handlers(control.MethodStatus, control.MethodSlotsList, control.MethodDoctor), noon, f.clock)
	body := text(t, get(t, practice, "/metrics"))
	if !strings.Contains(body, "pieks_practice_outbox_messages 3\n") || !strings.Contains(body, "pieks_practice_open_appointments 2\n") || strings.Contains(body, "pool") {
		t.Error(body)
	}
	patient := newHandler("patient", f.handlers(control.MethodStatus, control.MethodDoctor), noon, f.clock)
	body = text(t, get(t, patient, "/metrics"))
	if !strings.Contains(body, "pieks_patient_outbox_messages 3\n") || strings.Contains(body, "appointments") || strings.Contains(body, "clients") {
		t.Error(body)
	}
	if code, got := ready(t, patient); code != 200 || got.Status != pass {
		t.Errorf("%d %+v", code, got)
	}
}

// However many ask, the node is asked once a second, and its doctor once a minute.
func TestAskedSeldom(t *testing.T) {
	f := newFake()
	h := f.relay()
	for range 10 {
		ready(t, h)
	}
	f.set(func() { f.now = noon.Add(kept) })
	for range 10 {
		ready(t, h)
	}
	if f.asked[control.MethodStatus] != 2 || f.asked[control.MethodDoctor] != 1 {
		t.Errorf("asked %v", f.asked)
	}
	f.set(func() { f.now = noon.Add(doctorKept); f.findings[0].OK = false })
	if code, _ := ready(t, h); code != 503 || f.asked[control.MethodDoctor] != 2 {
		t.Errorf("%d after a minute, asked %v", code, f.asked)
	}
}

// While one answer is made others wait for it, and whoever goes away is not waited for.
func TestOneAtATime(t *testing.T) {
	f := newFake()
	f.block, f.entered = make(chan struct{}), make(chan struct{})
	h := f.relay()
	var group sync.WaitGroup
	var done atomic.Int32
	for range 20 {
		group.Go(func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
			if w.Code == 200 {
				done.Add(1)
			}
		})
	}
	<-f.entered // the first has the turn
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil))
	}()
	cancel()
	<-gone
	close(f.block)
	group.Wait()
	if n := f.count(control.MethodStatus); n != 1 || done.Load() != 20 {
		t.Errorf("asked %d times, %d answers", n, done.Load())
	}
}

func (f *fake) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[method]
}

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		text, addr string
		local, ok  bool
	}{
		{"9464", "127.0.0.1:9464", true, true},
		{":9464", "127.0.0.1:9464", true, true},
		{"localhost:9464", "127.0.0.1:9464", true, true},
		{"127.0.0.1:9464", "127.0.0.1:9464", true, true},
		{"[::1]:9464", "[::1]:9464", true, true},
		{"0.0.0.0:9464", "0.0.0.0:9464", false, true},
		{"[::]:9464", "[::]:9464", false, true},
		{"192.0.2.7:0", "192.0.2.7:0", false, true},
		{"", "", false, false}, {":", "", false, false}, {"x", "", false, false}, {"99999", "", false, false}, {"-1", "", false, false}, {"+1", "", false, false},
		{"example.org:9464", "", false, false}, {"::1:9464", "", false, false}, {"127.0.0.1:", "", false, false},
	} {
		addr, local, err := Address(c.text)
		if addr != c.addr || local != c.local || (err == nil) != c.ok {
			t.Errorf("%q: %q, local %v, %v", c.text, addr, local, err)
		}
	}
}

func TestListen(t *testing.T) {
	s, err := Listen("127.0.0.1:0", newFake().relay(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(s.Addr(), http.NotFoundHandler(), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("two at one address")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://%s/healthz", s.Addr()), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		t.Error(response.Status)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if response, err := new(http.Client).Do(request); err == nil {
		response.Body.Close()
		t.Error("serves after the end")
	}
}
