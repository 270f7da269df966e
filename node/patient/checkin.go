package patient

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"pieks/node/checkin/directory"
	"pieks/node/checkin/healthid"
	"pieks/node/control"
)

// CheckinConfig is what is set up for check-ins besides the mesh. Its zero value is the mesh alone: nobody outside of it is ever asked.
type CheckinConfig struct {
	Directory string // search address of a FHIR-VZD, https; "" asks none
	HealthID  healthid.Config
	SetupURL  string        // where the insurer sets a GesundheitsID up
	Service   ServiceConfig // the PoPP service
	GiveUp    time.Duration // how long a check-in waits for a practice that is away; 0: 72 hours

	Transport http.RoundTripper // to the directory service; nil: http.DefaultTransport
}

// checkins are this user's check-ins, what drives them on, and what they go by.
type checkins struct {
	node      *Node
	cfg       CheckinConfig
	directory *directory.Copy
	healthID  *healthid.Client // nil: none is set up
	service   *poppService     // nil: none is set up

	writing sync.Mutex // held while options or favourites are written down

	mu         sync.Mutex
	entries    map[string]*checkinEntry
	options    checkinOptions
	favourites map[string]favouriteRecord // by Telematik-ID
	found      remembered
	insurers   []control.Insurer
	logins     map[string]login // by state
	worn       map[string]bool  // check-ins that the store's sweeper may delete
	moved      chan struct{}    // closed and replaced after each change of an entry
	woken      chan struct{}
}

func openCheckins(n *Node, cfg CheckinConfig) (*checkins, error) {
	if cfg.GiveUp == 0 {
		cfg.GiveUp = defaultGiveUp
	}
	if cfg.GiveUp < minGiveUp || cfg.GiveUp > maxGiveUp {
		return nil, control.Errorf(control.KindUsage, "A check-in is given up after %s to %s, not %s.", minGiveUp, maxGiveUp, cfg.GiveUp)
	}
	c := &checkins{
		node: n, cfg: cfg, logins: map[string]login{}, moved: make(chan struct{}), woken: make(chan struct{}, 1),
	}
	var err error
	if c.entries, err = loadCheckins(n.home.Store); err != nil {
		return nil, err
	}
	if c.options, err = loadCheckinOptions(n.home.Store); err != nil {
		return nil, fmt.Errorf("read the options of check-ins: %w", err)
	}
	if c.favourites, err = loadFavourites(n.home.Store); err != nil {
		return nil, err
	}
	if c.directory, err = directory.Open(n.home.Store, n.home.Network, n.home.Now); err != nil {
		return nil, fmt.Errorf("open the copy of the directory: %w", err)
	}
	if cfg.HealthID.List != "" || len(cfg.HealthID.Providers) > 0 {
		cfg.HealthID.Now = n.home.Now
		if c.healthID, err = healthid.New(cfg.HealthID); err != nil {
			return nil, err
		}
	}
	if c.service, err = openService(n, cfg.Service); err != nil {
		return nil, fmt.Errorf("set the PoPP service up: %w", err)
	}
	n.home.Store.Retain(checkinBucket, func(key, _ []byte, _ time.Time) bool { return !c.isWorn(string(key)) })
	return c, nil
}

// run looks at what waits, and keeps the directory up to date, until ctx ends.
func (c *checkins) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { c.syncDirectory(ctx) })
	defer c.endReadings()
	tick := time.NewTicker(pendingEvery)
	defer tick.Stop()
	for {
		c.prune(ctx)
		for _, e := range c.all() {
			if !e.tryTurn() {
				continue
			}
			wg.Go(func() {
				defer e.endTurn()
				c.goOn(ctx, e)
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-c.woken:
		}
	}
}

// prune forgets what lapsed before its proof, and marks for the sweeper what is no longer kept.
func (c *checkins) prune(ctx context.Context) {
	now := c.node.home.Now()
	over := map[string]uint64{}
	for _, e := range c.all() {
		r := e.look()
		switch {
		case r.lapsed(now):
			if e.tryTurn() {
				c.endReading(e)
				_ = c.forget(ctx, e) // tried again with the next round
				e.endTurn()
			}
		case r.over() && !r.listens(now):
			over[e.id] = r.Ended
		}
	}
	old := worn(over, now)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.worn = map[string]bool{}
	for _, id := range old {
		c.worn[id] = true
		delete(c.entries, id)
	}
}

func (c *checkins) isWorn(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.worn[id]
}

func (c *checkins) all() []*checkinEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*checkinEntry, 0, len(c.entries))
	for _, e := range c.entries {
		all = append(all, e)
	}
	return all
}

func (c *checkins) find(id string) (*checkinEntry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[id]
	if !ok {
		return nil, errNoCheckin
	}
	return e, nil
}

// turnOf finds a check-in and waits until nobody else goes on with it; endTurn lets the next one.
func (c *checkins) turnOf(ctx context.Context, id string) (*checkinEntry, error) {
	e, err := c.find(id)
	if err != nil {
		return nil, checkinRefusal(err)
	}
	return e, e.takeTurn(ctx)
}

// put takes a new entry in. Those before their proof are bounded: the oldest one makes room.
func (c *checkins) put(ctx context.Context, e *checkinEntry) error {
	var open []*checkinEntry
	began := map[*checkinEntry]uint64{}
	pending := 0
	for _, other := range c.all() {
		switch r := other.look(); r.State {
		case control.CheckinStateConsent, control.CheckinStateProof:
			open = append(open, other)
			began[other] = r.Began
		case control.CheckinStatePending:
			pending++
		}
	}
	if pending >= maxPending {
		return control.Coded(control.KindConflict, control.CodeCheckinFull, "%d check-ins wait for their practices: end one first.", pending)
	}
	if len(open) >= maxOpenCheckins {
		oldest := slices.MinFunc(open, func(a, b *checkinEntry) int { return int(int64(began[a]) - int64(began[b])) })
		if err := oldest.takeTurn(ctx); err != nil {
			return err
		}
		c.endReading(oldest)
		err := c.forget(ctx, oldest)
		oldest.endTurn()
		if err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.entries[e.id] = e
	c.mu.Unlock()
	c.announce()
	return nil
}

// changes is closed at the next change of any entry.
func (c *checkins) changes() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved
}

func (c *checkins) announce() {
	c.mu.Lock()
	close(c.moved)
	c.moved = make(chan struct{})
	c.mu.Unlock()
	c.node.changes.Changed()
}

func (c *checkins) wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}
