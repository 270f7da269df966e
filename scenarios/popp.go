package scenarios

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
	"pieks/node/control"
)

// ServiceSpec is a PoPP service of a scenario.
type ServiceSpec struct {
	GiveUp       time.Duration              `yaml:"give_up"` // 72 h when left out
	Institutions map[string]InstitutionSpec `yaml:"institutions"`
}

// InstitutionSpec is an institution as the directory of the Telematikinfrastruktur has it.
type InstitutionSpec struct {
	TelematikID string `yaml:"telematik_id"`
	Profession  string `yaml:"profession"` // OID
	Kind        string `yaml:"kind"`
	Name        string `yaml:"name"`
	Street      string `yaml:"street"`
	PLZ         string `yaml:"plz"`
	Place       string `yaml:"place"`
}

// OnlineStep has an institution come online at the service, or go.
type OnlineStep struct {
	Institution string `yaml:"institution"`
	Is          bool   `yaml:"is"`
}

// PullStep has an institution fetch the tokens that wait for it.
type PullStep struct {
	Institution string `yaml:"institution"`
	Workplace   string `yaml:"workplace"` // that they are for
	Tokens      int    `yaml:"tokens"`    // so many, each of which holds
}

// poppService is the double on a loopback socket, and the programs of the institutions that fetch their tokens from it. Nil is none.
type poppService struct {
	spec    ServiceSpec
	mu      sync.Mutex // Institutions of spec: practices of the network come later
	double  *service.Service
	server  *http.Server
	served  chan error
	url     string
	pairs   *egk.PairList
	clients map[string]*client.Practice
}

var errNoService = errors.New("this scenario has no PoPP service")

// startService serves a double; the cards of the network's test CA are trusted there.
func startService(n *Net, spec *ServiceSpec) (*poppService, error) {
	if spec == nil {
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &poppService{
		spec: *spec, url: "http://" + listener.Addr().String(), pairs: &egk.PairList{}, served: make(chan error, 1), clients: map[string]*client.Practice{},
	}
	trust, err := n.made.Bundle.PatientCards()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	trust.Pairs = p.pairs
	if p.spec.Institutions = maps.Clone(spec.Institutions); p.spec.Institutions == nil {
		p.spec.Institutions = map[string]InstitutionSpec{}
	}
	now := n.cfg.Now
	if now == nil {
		now = time.Now
	}
	cfg := service.Config{Issuer: p.url, Trust: trust, GiveUp: spec.GiveUp, Directory: p.directory, Now: now}
	for name, i := range spec.Institutions {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, errors.Join(err, listener.Close())
		}
		id := popp.TelematikID(i.TelematikID)
		cfg.Practices = append(cfg.Practices, service.Practice{TelematikID: id, Profession: i.Profession, Key: &key.PublicKey})
		guard, err := zeta.New(zeta.Config{Scope: "token:generate", Subject: service.Subject(id, key, now), Now: now})
		if err == nil {
			p.clients[name], err = client.NewPractice(client.Config{FQDN: p.url, ZETA: guard})
		}
		if err != nil {
			return nil, errors.Join(err, listener.Close())
		}
	}
	if p.double, err = service.New(cfg); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	p.server = p.double.Server()
	go func() { p.served <- p.server.Serve(listener) }()
	return p, nil
}

func (p *poppService) address() string {
	if p == nil {
		return ""
	}
	return p.url
}

func (p *poppService) close() error {
	if p == nil {
		return nil
	}
	err := p.server.Close()
	if served := <-p.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// know gives a practice of the network what the service will know it by.
func (p *poppService) know(n *Node, spec PracticeSpec, processes bool) (err error) {
	switch {
	case !spec.Service:
		return nil
	case p == nil:
		return errNoService
	case processes:
		return errors.New("a practice that is at the PoPP service runs in this process")
	}
	n.service = p.url
	n.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return err
}

// introduce puts a practice of the network that runs into the service's directory: its card has its number.
func (p *poppService) introduce(ctx context.Context, n *Node) error {
	if n.key == nil {
		return nil
	}
	var code control.CheckinCode
	if err := n.Call(ctx, control.MethodCheckinCode, control.CheckinCodeOf{}, &code); err != nil {
		return err
	}
	q, err := popp.ParseQR([]byte(code.Text))
	if err != nil {
		return err
	}
	const profession = "1.2.276.0.76.4.50"
	p.mu.Lock()
	p.spec.Institutions[n.Name] = InstitutionSpec{
		TelematikID: string(q.TelematikID), Profession: profession, Kind: "Betriebsstätte Arzt",
		Name: code.Details.Name, Street: code.Details.Street, PLZ: code.Details.PLZ, Place: code.Details.Place,
	}
	p.mu.Unlock()
	return p.double.Add(service.Practice{TelematikID: q.TelematikID, Profession: profession, Key: &n.key.PublicKey})
}

// list puts a card on the service's hash database, as its insurer does.
func (p *poppService) list(holder card.Patient) error {
	if p == nil {
		return nil
	}
	return p.pairs.Add(sha256.Sum256(holder.EndEntity), sha256.Sum256(holder.X509))
}

func (p *poppService) online(s OnlineStep) error {
	if p == nil {
		return errNoService
	}
	p.mu.Lock()
	i, ok := p.spec.Institutions[s.Institution]
	p.mu.Unlock()
	if !ok {
		return fmt.Errorf("there is no institution %q", s.Institution)
	}
	p.double.SetOnline(popp.TelematikID(i.TelematikID), s.Is)
	return nil
}

// pull fetches and verifies: signature, quarter, actor, and the workplace that each is for.
func (p *poppService) pull(ctx context.Context, s PullStep) error {
	if p == nil {
		return errNoService
	}
	program, ok := p.clients[s.Institution]
	if !ok {
		return fmt.Errorf("there is no institution %q", s.Institution)
	}
	p.mu.Lock()
	id := popp.TelematikID(p.spec.Institutions[s.Institution].TelematikID)
	p.mu.Unlock()
	if err := program.Init(ctx); err != nil {
		return err
	}
	got, err := program.Pull(ctx, id)
	if err != nil {
		return err
	}
	raw, err := p.double.Keys()
	if err != nil {
		return err
	}
	keys, err := popp.ParseKeySet(raw)
	if err != nil {
		return err
	}
	for _, d := range got {
		if _, err := popp.Verify(d.Token, keys, popp.Rules{At: time.Now(), Actor: id, Issuer: p.url}); err != nil {
			return fmt.Errorf("a token of %s: %w", s.Institution, err)
		}
		if string(d.Workplace) != s.Workplace {
			return fmt.Errorf("a token of %s is for %q, not %q", s.Institution, d.Workplace, s.Workplace)
		}
	}
	if len(got) != s.Tokens {
		return fmt.Errorf("%s got %d tokens, not %d", s.Institution, len(got), s.Tokens)
	}
	return nil
}

// directory answers a search as the FHIR-VZD does: by Telematik-ID, or by a word of the name.
func (p *poppService) directory(_ context.Context, request string) ([]byte, error) {
	_, query, _ := strings.Cut(request, "?")
	asked, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	entries := []any{}
	for name, i := range p.spec.Institutions {
		_, id, _ := strings.Cut(asked.Get("organization.identifier"), "|")
		text := strings.ToLower(strings.Trim(asked.Get("_text"), `"*`))
		if id == i.TelematikID || text != "" && strings.Contains(strings.ToLower(i.Name), text) {
			entries = append(entries, i.resources(name)...)
		}
	}
	return json.Marshal(map[string]any{"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})
}

// resources are the three of an institution in a bundle.
func (i InstitutionSpec) resources(id string) []any {
	type object = map[string]any
	entry := func(mode string, resource object) object {
		return object{"search": object{"mode": mode}, "resource": resource}
	}
	return []any{
		entry("match", object{
			"resourceType": "HealthcareService", "id": "hs-" + id,
			"providedBy": object{"reference": "Organization/o-" + id}, "location": []any{object{"reference": "Location/l-" + id}},
		}),
		entry("include", object{
			"resourceType": "Organization", "id": "o-" + id, "active": true, "name": i.Name,
			"identifier": []any{object{"system": "https://gematik.de/fhir/sid/telematik-id", "value": i.TelematikID}},
			"type": []any{object{"coding": []any{object{
				"system": "https://gematik.de/fhir/directory/CodeSystem/OrganizationProfessionOID", "code": i.Profession, "display": i.Kind,
			}}}},
		}),
		entry("include", object{
			"resourceType": "Location", "id": "l-" + id,
			"address": object{"line": []string{i.Street}, "postalCode": i.PLZ, "city": i.Place, "country": "DE"},
		}),
	}
}
