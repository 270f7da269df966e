package reception

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/node/control"
)

// readers are card readers with virtual cards, which count wrong PINs as real ones do.
type readers struct {
	now func() time.Time

	mu      sync.Mutex
	names   []string
	cards   map[string]*card.Virtual
	broken  error         // with all of them
	unreset bool          // cards cannot be reset
	signed  int           // times that a PIN was handed on
	hold    chan struct{} // the next card takes until this is closed
}

func newReaders(now func() time.Time) *readers {
	return &readers{now: now, cards: map[string]*card.Virtual{}}
}

// plug adds readers that are empty.
func (r *readers) plug(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = append(r.names, names...)
}

func (r *readers) insert(t testing.TB, reader string, kind card.Kind, o card.VirtualOptions) *card.TestCA {
	t.Helper()
	o.Now = r.now()
	v, ca, err := card.NewVirtualOf(kind, o)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cards[reader] = v
	return ca
}

func (r *readers) pull(reader string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cards, reader)
}

func (r *readers) in(reader string) (*card.Virtual, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return nil, r.broken
	}
	if v := r.cards[reader]; v != nil {
		return v, nil
	}
	return nil, pcsc.ErrNoCard
}

func (r *readers) Readers(ctx context.Context) ([]Reader, error) {
	r.mu.Lock()
	names, broken := slices.Clone(r.names), r.broken
	r.mu.Unlock()
	if broken != nil {
		return nil, broken
	}
	list := []Reader{}
	for _, name := range names {
		one := Reader{Name: name}
		if v, err := r.in(name); err == nil {
			c, err := card.Open(ctx, v)
			if err == nil {
				one.Card = &Card{Certificate: v.Certificate()}
				one.Card.Info, err = card.Inspect(ctx, c)
			}
			if err != nil {
				one.Card, one.Err = nil, err
			}
		}
		list = append(list, one)
	}
	return list, nil
}

func (r *readers) Sign(ctx context.Context, reader string, pin card.PIN, s card.Statement) ([]byte, error) {
	v, err := r.in(reader)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.signed++
	hold, unreset := r.hold, r.unreset
	r.hold = nil
	r.mu.Unlock()
	if hold != nil {
		<-hold
	}
	defer v.Reset()
	c, err := card.Open(ctx, v)
	if err != nil {
		return nil, err
	}
	cms, err := card.Enrol(ctx, c, pin, s, r.now())
	if unreset {
		err = errors.Join(err, ErrUnreset)
	}
	return cms, err
}

func (p *practice) statement() card.Statement {
	d := p.details
	from := p.now().Add(-time.Minute)
	return card.Statement{Version: card.StatementVersion, Device: [32]byte{1}, Sealing: [32]byte{2}, Name: d.Name, Street: d.Street, PLZ: d.PLZ, Place: d.Place,
		Phone: d.Phone, Directions: d.Directions, NotBefore: uint64(from.Unix()), NotAfter: uint64(from.AddDate(0, 0, 90).Unix())}
}

func (p *practice) beginEnrolment(_ context.Context, in control.EnrolmentBegin) (control.EnrolmentContent, error) {
	by, err := card.CheckCertificate(in.Certificate, p.trusted, p.now())
	if err != nil {
		return control.EnrolmentContent{}, control.Errorf(control.KindConflict, "%w", err)
	}
	s := p.statement()
	s.TelematikID = by.TelematikID
	content, err := s.Content()
	return control.EnrolmentContent{Content: content}, err
}

func (p *practice) finishEnrolment(ctx context.Context, in control.EnrolmentFinish) (control.Enrolment, error) {
	licence, err := card.VerifyFreshEnrolment(in.CMS, p.trusted, p.now())
	if err != nil {
		return control.Enrolment{}, control.Errorf(control.KindConflict, "%w", err)
	}
	p.signed, p.enrolled = licence, licence.NotAfter
	p.changes.Changed()
	return p.enrolment(ctx)
}
