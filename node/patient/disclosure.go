package patient

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/node/disclosure"
	"pieks/node/host"
)

// registerTimeout covers a connection of its own and some questions.
const registerTimeout = 20 * time.Second

// Errors of a disclosure that its user reads.
var (
	errNoRooms   = errors.New("no waiting room of the last 14 days is known here: a practice tells it when it checks the code of a visit")
	errNoRelay   = errors.New("no relay is reached at the moment: try again when this node is connected")
	errPosted    = errors.New("it is posted: what was published cannot be taken back")
	errTakenBack = errors.New("taken back")
	errNone      = errors.New("there is no such disclosure here: see pieks disclose status")
)

// disclosures are what this node's people let be published, each from consent to post.
type disclosures struct {
	node *Node
	life context.Context
	wg   sync.WaitGroup

	mu      sync.Mutex
	entries map[disclosureID]*disclosureEntry
}

// disclosureEntry is one disclosure in memory. Who drives it alone changes it, until done is closed; others read it under the mutex.
type disclosureEntry struct {
	id   disclosureID
	rec  disclosureRecord        // guarded by disclosures.mu
	stop context.CancelCauseFunc // of who drives it
	done chan struct{}           // closed when nobody does
}

// newDisclosureEntry is one that nobody drives yet.
func newDisclosureEntry(id disclosureID, rec disclosureRecord) *disclosureEntry {
	e := &disclosureEntry{id: id, rec: rec, stop: func(error) {}, done: make(chan struct{})}
	close(e.done)
	return e
}

// openDisclosures goes on with what was begun before a restart.
func openDisclosures(ctx context.Context, n *Node) (*disclosures, error) {
	entries, err := loadDisclosures(n.home.Store)
	if err != nil {
		return nil, err
	}
	d := &disclosures{node: n, life: ctx, entries: map[disclosureID]*disclosureEntry{}}
	for id, rec := range entries {
		e := newDisclosureEntry(id, rec)
		d.entries[id] = e
		if !rec.State.ended() {
			d.drive(e, nil)
		}
	}
	return d, nil
}

// start takes consent for data, registers its commitment at this node's relay and shows the code. Nothing is kept when no relay takes it.
func (d *disclosures) start(ctx context.Context, data []byte, rooms []room) (*disclosureEntry, error) {
	relay := d.node.relay.Load()
	if relay == nil || !d.node.reached() {
		return nil, errNoRelay
	}
	face, err := d.node.newFace(ctx, *relay)
	if err != nil {
		return nil, err
	}
	registering, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	consent, until, err := disclosure.Begin(registering, face, relay.ID, data)
	if err != nil {
		return nil, errors.Join(err, host.Close(face))
	}
	var id disclosureID
	_, _ = rand.Read(id[:]) // never fails
	e := newDisclosureEntry(id, disclosureRecord{
		State: disclosureWaiting, Consent: &consent, Relay: relay.ID.String(), Until: uint64(until.Unix()), RoomCount: uint8(len(rooms)),
	})
	for _, r := range rooms {
		e.rec.Rooms = append(e.rec.Rooms, r.Key)
	}
	if err := e.save(ctx, d.node.home.Store); err != nil {
		return nil, errors.Join(err, host.Close(face))
	}
	d.drive(e, face)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries[e.id] = e
	return e, nil
}

// newFace makes a host for one disclosure, with an identity that is used for nothing else and dies with it, and connects it to a relay: what is
// posted cannot be tied to the patient's other doings by a key.
func (n *Node) newFace(ctx context.Context, relay peer.AddrInfo) (libhost.Host, error) {
	face, err := host.Patient(n.gate, false)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	if err := host.Connect(ctx, face, relay); err != nil {
		return nil, errors.Join(err, host.Close(face))
	}
	return face, nil
}

// drive takes a disclosure to its end in a goroutine of its own. face is nil after a restart.
func (d *disclosures) drive(e *disclosureEntry, face libhost.Host) {
	ctx, stop := context.WithCancelCause(d.life)
	ctx, cancel := context.WithTimeout(ctx, time.Unix(int64(e.rec.Until), 0).Sub(d.node.home.Now()))
	done := make(chan struct{})
	e.stop, e.done = stop, done
	d.wg.Go(func() {
		defer close(done)
		defer stop(nil)
		defer cancel()
		defer func() {
			if face != nil {
				_ = host.Close(face)
			}
		}()
		for !d.state(e).ended() {
			var err error
			if face == nil {
				face, err = d.reconnect(ctx, e)
			}
			if err == nil {
				err = d.step(ctx, e, face)
			}
			if err != nil && ctx.Err() == nil {
				d.node.log.Info("disclosure waits", "err", err)
			}
			if ctx.Err() != nil {
				if !errors.Is(context.Cause(ctx), errTakenBack) {
					d.over(e)
				}
				return
			}
			if err != nil {
				_ = disclosure.Wait(ctx, disclosure.CollectEvery)
			}
		}
	})
}

func (d *disclosures) reconnect(ctx context.Context, e *disclosureEntry) (libhost.Host, error) {
	infos := d.node.home.RelayInfos([]string{e.rec.Relay})
	if len(infos) == 0 {
		return nil, errNoRelay
	}
	return d.node.newFace(ctx, infos[0])
}

// step waits for the professional's signature, or posts what was signed.
func (d *disclosures) step(ctx context.Context, e *disclosureEntry, face libhost.Host) error {
	relay, err := peer.Decode(e.rec.Relay)
	if err != nil {
		return err
	}
	if d.state(e) == disclosureWaiting {
		cms, err := disclosure.Await(ctx, face, relay, *e.rec.Consent, disclosure.Wait)
		if err != nil {
			return err
		}
		return d.judge(ctx, e, relay, cms)
	}
	err = disclosure.Post(ctx, face, relay, *e.rec.Consent, e.rec.CMS)
	switch {
	case err == nil, errors.Is(err, disclosure.ErrSpent):
		return d.finish(e, disclosurePosted, "Posted. What was disclosed, and its keys, are destroyed here.")
	case errors.Is(err, disclosure.ErrExpired):
		return d.finish(e, disclosureExpired, err.Error())
	case errors.Is(err, disclosure.ErrSwapped), errors.Is(err, disclosure.ErrSignature), errors.Is(err, disclosure.ErrPerson), errors.Is(err, disclosure.ErrProfession):
		return d.finish(e, disclosureRefused, err.Error())
	}
	return err
}

// judge checks what the relay says that a professional has signed. Data that were put in place of the patient's end it; a signature that is no
// good for another reason does not: whoever guesses a reference could end it.
func (d *disclosures) judge(ctx context.Context, e *disclosureEntry, relay peer.ID, cms []byte) error {
	n := d.node
	by, err := e.rec.Consent.Check(cms, relay, n.home.Network.Get().CardRoots(), n.home.Now())
	if errors.Is(err, disclosure.ErrSwapped) {
		return d.finish(e, disclosureRefused, err.Error())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		e.rec.Message = err.Error()
		return err
	}
	e.rec.State, e.rec.CMS, e.rec.By, e.rec.Message = disclosureSigned, cms, signedBy(by), ""
	return e.save(ctx, n.home.Store)
}

func signedBy(by *card.Signatory) string { return fmt.Sprintf("%s, %s", by.Holder, by.ProfessionName) }

// over ends a disclosure whose half hour is over; one that only stops with the node stays as it is.
func (d *disclosures) over(e *disclosureEntry) {
	if d.life.Err() != nil || d.state(e).ended() {
		return
	}
	message := "Nobody signed within half an hour: begin with a new code."
	if d.state(e) == disclosureSigned {
		message = "It was signed, but the relay was not reached within half an hour: begin with a new code."
	}
	if err := d.finish(e, disclosureExpired, message); err != nil {
		d.node.log.Error("disclosure not written down", "err", err)
	}
}

// finish ends a disclosure and destroys what it was about, in one transaction. Of a posted one the waiting rooms go, too: whoever is found ill
// again has been in new ones.
func (d *disclosures) finish(e *disclosureEntry, state disclosureState, message string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	spent := e.rec.Rooms
	if state != disclosurePosted {
		spent = nil
	}
	before := e.rec
	e.rec.State, e.rec.Message = state, message
	e.rec.Consent, e.rec.CMS, e.rec.Rooms = nil, nil, nil
	err := e.end(context.WithoutCancel(d.life), d.node.home.Store, spent, d.node.home.Now())
	if err != nil {
		e.rec = before
		return err
	}
	d.node.changes.Changed()
	if before.Consent != nil {
		clear(before.Consent.Data)
		before.Consent.Secret = [32]byte{}
	}
	return nil
}

// cancel ends a disclosure that is not posted.
func (d *disclosures) cancel(text string) (*disclosureEntry, error) {
	e, err := d.find(text)
	if err != nil {
		return nil, err
	}
	e.stop(errTakenBack)
	<-e.done
	message := "Taken back."
	switch d.state(e) {
	case disclosureWaiting:
	case disclosureSigned:
		message = "Taken back, though it was signed and may be on its way: what the relay has taken it publishes."
	case disclosurePosted:
		return nil, errPosted
	default:
		return e, nil
	}
	return e, d.finish(e, disclosureCancelled, message)
}

func (d *disclosures) find(text string) (*disclosureEntry, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(disclosureID{}) {
		return nil, errNone
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.entries[disclosureID(raw)]; e != nil {
		return e, nil
	}
	return nil, errNone
}

func (d *disclosures) state(e *disclosureEntry) disclosureState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return e.rec.State
}

// all lists the entries, the newest first.
func (d *disclosures) all() []*disclosureEntry {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*disclosureEntry, 0, len(d.entries))
	for _, e := range d.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *disclosureEntry) int { return int(int64(b.rec.Until) - int64(a.rec.Until)) })
	return all
}
