package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"pieks/gossip"
	"pieks/node/app"
	"pieks/node/control"
	"pieks/node/practice"
)

// PagesResult is what bench pages says: medians, from the request to the last byte, of pages that browsers ask for again and again.
type PagesResult struct {
	Bookings int                `json:"bookings"`
	Tokens   int                `json:"tokens"`
	Pages    map[string]float64 `json:"pages_ms"`
	Slowest  float64            `json:"slowest_ms"`
}

const (
	// benchBookings is a practice in the middle of a campaign, with a month behind it.
	benchBookings = 2000
	// benchLoads of each page.
	benchLoads = 40
)

// benchPages has a practice with many bookings and a patient with many appointments to choose from show their pages.
func benchPages(ctx context.Context, o BenchOptions) (_ any, err error) {
	net, err := NewNet(ctx, NetConfig{Relays: 1, Cycle: time.Second, Log: o.Log})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	result := PagesResult{Bookings: benchBookings, Tokens: orDefault(o.Tokens, 10_000), Pages: map[string]float64{}}
	day, err := net.busyPractice(ctx, o)
	if err != nil {
		return nil, err
	}
	reception, err := net.pageReader(ctx, "practice")
	if err != nil {
		return nil, err
	}
	for _, path := range []string{"/day/" + day, "/week/" + day, "/give", "/desk", "/history", "/changes", "/status", "/print/day/" + day} {
		if err := reception.measure(ctx, &result, "practice "+strings.TrimSuffix(path, day), path); err != nil {
			return nil, err
		}
	}
	if err := net.busyPatient(ctx, result.Tokens); err != nil {
		return nil, err
	}
	patient, err := net.pageReader(ctx, "patient")
	if err != nil {
		return nil, err
	}
	if err := patient.post(ctx, "/", url.Values{"plz": {benchPLZ}, "radius": {"100"}, "when": {"any"}, "dose": {"any"}}); err != nil {
		return nil, err
	}
	for _, path := range []string{"/", "/list", "/history", "/settings"} {
		if err := patient.measure(ctx, &result, "patient "+path, path); err != nil {
			return nil, err
		}
	}
	if list, err := patient.get(ctx, "/list"); err != nil || !strings.Contains(string(list), `name="token"`) {
		return nil, errors.Join(errors.New("the list has no appointment to choose"), err)
	}
	return result, nil
}

// busyPractice makes a practice with benchBookings bookings, and names a day with many.
func (n *Net) busyPractice(ctx context.Context, o BenchOptions) (day string, err error) {
	node := n.AddPractice("practice", practice.Details{Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: benchPLZ, Phone: "0221 1234"})
	if err := n.nodes["relay-1"].Start(ctx); err != nil {
		return "", err
	}
	if err := node.Start(ctx); err != nil {
		return "", err
	}
	const each = 100
	for d := range benchBookings / each {
		if day, err = dayAhead(d + 1); err != nil {
			return "", err
		}
		var made control.SlotsChanged
		if err := node.Call(ctx, control.MethodSlotsAdd, control.SlotsAdd{Day: day, From: "08:00", To: "18:00", Every: "6m", Vaccine: "comirnaty", Dose: 1}, &made); err != nil {
			return "", err
		}
		for i, id := range made.IDs {
			in := control.Phone{Appointments: []string{id}, Name: fmt.Sprintf("Erika Beispiel %d-%d", d, i), BirthDate: "1950-03-01", Phone: "0221 998877"}
			if err := node.Call(ctx, control.MethodPhone, in, nil); err != nil {
				return "", err
			}
		}
		o.Progress((d+1)*each, benchBookings, "book")
	}
	return day, nil
}

func dayAhead(days int) (string, error) { return day(fmt.Sprintf("+%d", days)) }

// searching is a patient's node that searches a given pool. All else is the node's own.
type searching struct {
	app.Node
	pool   *gossip.Pool
	policy *gossip.Policy
}

// Handlers are the node's, but for search.
func (s searching) Handlers() control.Handlers {
	handlers := s.Node.Handlers()
	handlers[control.MethodSearch] = control.Handle(func(_ context.Context, in control.SearchRequest) ([]control.Token, error) {
		var tokens []control.Token
		for _, hit := range gossip.Search(s.policy.Map, s.pool.View(), gossip.Query{From: benchPLZ, RadiusKM: in.RadiusKM, Vaccine: in.Vaccine, Now: time.Now()}) {
			centre, _ := s.policy.Map.Centre(hit.Area)
			tokens = append(tokens, control.Token{ID: hit.Token.String(), Area: hit.Area, Place: centre.Name, DistanceKM: hit.DistanceKM,
				Day: gossip.DateOf(hit.Slot.Day).Format(time.DateOnly), Part: hit.Slot.Part.String(), Vaccine: hit.Slot.Vaccine, Dose: int(hit.Slot.Dose),
				Expires: hit.Sheet.Sheet.ExpiresAt()})
		}
		return tokens, nil
	})
	return handlers
}

// busyPatient makes a patient who can choose from many appointments.
func (n *Net) busyPatient(ctx context.Context, tokens int) error {
	now := time.Now()
	policy, _, err := benchPolicy(now)
	if err != nil {
		return err
	}
	pool, err := benchPool(policy, tokens, now)
	if err != nil {
		return err
	}
	node := n.AddPatient("patient", benchPLZ)
	if err := node.Start(ctx); err != nil {
		return err
	}
	running, ok := node.running.(app.Node)
	if !ok {
		return errors.New("the patient's node does not run in this process")
	}
	node.shown, err = app.Serve(searching{running, pool, policy}, app.Options{Listen: "127.0.0.1:0", Log: n.cfg.Log})
	return err
}

// pageReader is a browser that was let into a node's app.
type pageReader struct {
	http.Client
	at   string
	csrf string
	last string // path that the last answer came from, after redirects
}

var csrfInForm = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (n *Net) pageReader(ctx context.Context, name string) (*pageReader, error) {
	node := n.nodes[name]
	shown, err := node.Show("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	link, err := shown.Link("")
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &pageReader{Client: http.Client{Jar: jar}, at: shown.URL()}
	if _, err := v.get(ctx, strings.TrimPrefix(link.URL, v.at)); err != nil {
		return nil, err
	}
	first, err := v.get(ctx, "/settings")
	if err != nil {
		return nil, err
	}
	if token := csrfInForm.FindSubmatch(first); token != nil {
		v.csrf = string(token[1])
	}
	return v, nil
}

func (v *pageReader) get(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.at+path, nil)
	if err != nil {
		return nil, err
	}
	return v.send(r)
}

func (v *pageReader) post(ctx context.Context, path string, form url.Values) error {
	form.Set("csrf", v.csrf)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err = v.send(r)
	return err
}

func (v *pageReader) send(r *http.Request) ([]byte, error) {
	answer, err := v.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", r.URL.Path, answer.Status)
	}
	v.last = answer.Request.URL.Path
	return body, err
}

// measure loads a page again and again.
func (v *pageReader) measure(ctx context.Context, result *PagesResult, name, path string) error {
	var took []time.Duration
	for range benchLoads {
		began := time.Now()
		if _, err := v.get(ctx, path); err != nil {
			return err
		}
		took = append(took, time.Since(began))
		if v.last != path {
			return fmt.Errorf("%s leads to %s: nothing was measured", path, v.last)
		}
	}
	median := milliseconds(quantile(took, 0.5))
	result.Pages[name] = median
	result.Slowest = max(result.Slowest, median)
	return nil
}
