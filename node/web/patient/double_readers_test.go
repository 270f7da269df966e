package patient

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"pieks/card"
	"pieks/card/pace"
	"pieks/card/pcsc"
	"pieks/node/control"
)

// readers are card readers, with cards that answer everything.
type readers struct {
	mu    sync.Mutex
	names []string
	cards map[string]*patientCard
	err   error // with all of them
	// proved counts the dialogues that began.
	proved int
}

// patientCard is what lies in a reader.
type patientCard struct {
	can    pace.CAN // "" has contacts
	seen   error    // when the reader is looked at
	fail   error    // when it is opened
	at     int      // the command at which fails happens
	fails  error
	answer string
}

func (r *readers) insert(name string, c *patientCard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.names, name) {
		r.names = append(r.names, name)
	}
	if r.cards == nil {
		r.cards = map[string]*patientCard{}
	}
	r.cards[name] = c
}

func (r *readers) Readers(context.Context) (list []Reader, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range r.names {
		one := Reader{Name: name, Card: r.cards[name] != nil}
		if c := r.cards[name]; c != nil {
			one.Contactless, one.Err = c.can != "", c.seen
		}
		list = append(list, one)
	}
	return list, r.err
}

func (r *readers) Prove(ctx context.Context, reader string, can pace.CAN, step Step) error {
	r.mu.Lock()
	c := r.cards[reader]
	r.proved++
	r.mu.Unlock()
	switch {
	case c == nil:
		return pcsc.ErrNoCard
	case c.fail != nil:
		return c.fail
	case c.can != "" && can == "":
		return card.ErrContactless
	case c.can != "" && can != c.can:
		return fmt.Errorf("open the card: %w", pace.ErrWrongCAN)
	}
	command, err := step(ctx, nil, c.can != "")
	for n := 0; err == nil && command != nil; n++ {
		if c.fails != nil && n == c.at {
			return c.fails
		}
		answer, decodeErr := hex.DecodeString(cmp.Or(c.answer, "9000"))
		if decodeErr != nil {
			return decodeErr
		}
		command, err = step(ctx, answer, c.can != "")
	}
	return err
}

// checkinSite is the app with what checks in behind it.
type checkinSite struct {
	*site
	node    *checkinNode
	readers *readers
}

func newCheckinSite(t testing.TB) *checkinSite {
	t.Helper()
	r := &readers{}
	s := newCheckinSiteOf(t, r)
	s.readers = r
	return s
}

// newCheckinSiteOf is one of a program with card readers, or with nil of one that was built without.
func newCheckinSiteOf(t testing.TB, cards Cards) *checkinSite {
	t.Helper()
	s := &checkinSite{}
	s.site = newSiteWith(t, cards, func(n *node) control.Handlers {
		s.node = newCheckinNode(n)
		all := n.handlers()
		maps.Copy(all, s.node.methods())
		return all
	})
	return s
}
