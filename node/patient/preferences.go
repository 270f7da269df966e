package patient

import (
	"context"
	"errors"
	"time"

	"pieks/gossip/place"
	"pieks/gossip/wire"
	"pieks/store"
)

// ErrNoPLZ says that the node does not know where its user lives. Until it does, it asks no relay for anything.
var ErrNoPLZ = errors.New("where to look is not known yet: say a postcode first, with pieks plz")

var (
	patientBucket  = store.NewBucket("patient")
	preferencesKey = []byte("preferences")
)

// preferences are what the user looks for. A new postcode takes effect at a cycle's begin, even when the node is started anew
// before: what a relay cannot know, an honest node keeps to.
type preferences struct {
	PLZ       string `cbor:"1,keyasint"`           // "" as long as nobody said it
	Next      string `cbor:"2,keyasint,omitempty"` // the postcode that follows
	Effective uint64 `cbor:"3,keyasint,omitempty"` // from when on, unix seconds; 0: no relay has heard of it yet
	RadiusKM  uint32 `cbor:"4,keyasint"`
}

// at is what holds at now.
func (p preferences) at(now time.Time) preferences {
	if p.Next != "" && p.Effective != 0 && uint64(now.Unix()) >= p.Effective {
		p.PLZ, p.Next, p.Effective = p.Next, "", 0
	}
	return p
}

func loadPreferences(st *store.Store) (p preferences, err error) {
	err = st.View(func(tx *store.Tx) error {
		data, err := tx.Get(patientBucket, preferencesKey)
		if err != nil || data == nil {
			return err
		}
		return wire.Unmarshal(data, &p)
	})
	return p, err
}

func savePreferences(ctx context.Context, st *store.Store, p preferences) error {
	data, err := wire.Marshal(p)
	if err != nil {
		return err
	}
	return st.Update(ctx, func(tx *store.Tx) error { return tx.Put(patientBucket, preferencesKey, data) })
}

// startPreferences takes the postcode of the first start. A later one is a change like any other: a relay is asked first.
func startPreferences(ctx context.Context, st *store.Store, plz string, radiusKM uint32, now time.Time) (p preferences, err error) {
	if p, err = loadPreferences(st); err != nil {
		return p, err
	}
	before := p
	p = p.at(now)
	if plz != "" {
		parsed, err := place.ParsePLZ(plz)
		if err != nil {
			return p, err
		}
		switch plz := string(parsed); {
		case p.PLZ == "":
			p.PLZ = plz
		case p.PLZ != plz && p.Next != plz:
			p.Next, p.Effective = plz, 0
		}
	}
	if radiusKM != 0 {
		p.RadiusKM = radiusKM
	}
	if p == before {
		return p, nil
	}
	return p, savePreferences(ctx, st, p)
}

// preferences are those that hold now.
func (n *Node) preferences() preferences {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.prefs.at(n.home.Now())
}

// change writes changed preferences down, and only then goes by them.
func (n *Node) change(ctx context.Context, f func(p *preferences)) error {
	n.changing.Lock()
	defer n.changing.Unlock()
	next := n.preferences()
	f(&next)
	n.mu.Lock()
	same := next == n.prefs
	n.mu.Unlock()
	if same {
		return nil
	}
	if err := savePreferences(ctx, n.home.Store, next); err != nil {
		return err
	}
	n.mu.Lock()
	n.prefs = next
	n.mu.Unlock()
	n.changes.Changed()
	return nil
}
