package booking

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/records"
	"pieks/store"
)

// Names of an epoch's secrets in Store.Keys.
const (
	nameSecret = "booking/secret" // 32 bytes: slot ids and the sealing of holds come from it
	nameFront  = "booking/front"  // P, public
)

// epoch is what ties the tokens of one pseudonym to appointments. On disk only the secret does.
type epoch struct {
	number  uint64
	front   [32]byte
	secret  [32]byte
	sealer  store.Sealer
	tokens  map[gossip.TokenID]*item
	visible map[slotKey]span
}

// slotKey is an appointment in one of the times that it is offered.
type slotKey struct {
	id         AppointmentID
	generation uint32
}

// span is when a slot was first seen by patients and until when requests for it are collected.
type span struct{ from, to time.Time }

func newEpoch(number uint64, secret, front [32]byte) *epoch {
	e := &epoch{number: number, front: front, secret: secret, tokens: map[gossip.TokenID]*item{}, visible: map[slotKey]span{}}
	e.sealer = store.NewSealer([32]byte(e.mac("seal", nil)))
	return e
}

// mac is HMAC-SHA256 under the epoch's secret, apart by purpose.
func (e *epoch) mac(purpose string, data []byte) []byte {
	h := hmac.New(sha256.New, e.secret[:])
	h.Write([]byte(purpose))
	h.Write([]byte{0})
	h.Write(data)
	return h.Sum(nil)
}

// slotID is the id of an appointment in this epoch's sheets.
func (e *epoch) slotID(i *item) gossip.SlotID {
	return gossip.SlotID(e.mac("slot", binary.BigEndian.AppendUint32(i.id[:], i.record.Generation))[:16])
}

// show makes the appointment known under its token.
func (e *epoch) show(i *item) { e.tokens[gossip.TokenOf(e.front, e.slotID(i))] = i }

// hide takes its token away, before its generation changes.
func (e *epoch) hide(i *item) {
	if token := gossip.TokenOf(e.front, e.slotID(i)); e.tokens[token] == i {
		delete(e.tokens, token)
	}
}

func (e *epoch) prefix() []byte { return binary.BigEndian.AppendUint64(nil, e.number) }

// holdKey is where the hold of B is kept.
func (e *epoch) holdKey(key [32]byte) []byte {
	return append(e.prefix(), e.mac("hold", key[:])[:16]...)
}

// BeginEpoch makes the slot ids of an epoch under the pseudonym front. The secret behind them lives in Store.Keys under
// the epoch. Beginning an epoch again with the same front changes nothing; another front is ErrEpoch.
func (l *Ledger) BeginEpoch(ctx context.Context, number uint64, front [32]byte) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	l.mu.RLock()
	known := l.epochs[number]
	l.mu.RUnlock()
	if known != nil {
		if known.front != front {
			return fmt.Errorf("epoch %d has another pseudonym: %w", number, ErrEpoch)
		}
		return nil
	}
	var secret [32]byte
	rand.Read(secret[:])
	err := l.store.Keys().PutAll(number, map[string][]byte{nameSecret: secret[:], nameFront: front[:]})
	if err != nil {
		return fmt.Errorf("begin epoch %d: %w", number, err)
	}
	e := newEpoch(number, secret, front)
	l.mu.Lock()
	for _, i := range l.items {
		e.show(i)
	}
	l.epochs[number] = e
	l.mu.Unlock()
	return nil
}

// Epochs lists the epochs of pseudonyms that have begun and not ended, ascending.
func (l *Ledger) Epochs() []uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var numbers []uint64
	for n := range l.epochs {
		if !isOwn(n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// Slots is what the sheet of an epoch is to show: open and held appointments that have not begun, at most 200, the next ones
// first. Held ones stay in, so that a sheet does not tell that somebody is just booking.
func (l *Ledger) Slots(number uint64) ([]gossip.Slot, error) {
	now := l.now()
	last := gossip.DayOf(now.In(berlin)) + l.cfg.Rules().DaysAhead
	l.mu.RLock()
	defer l.mu.RUnlock()
	e := l.epochs[number]
	if e == nil {
		return nil, ErrEpoch
	}
	open := l.offered(now, last)
	slots := make([]gossip.Slot, 0, len(open))
	for _, i := range open[:min(len(open), gossip.MaxSlots)] {
		slots = append(slots, i.appointment().slot(e.slotID(i)))
	}
	return slots, nil
}

// offered are the open and held appointments that have not begun, up to a day, the next ones first.
func (l *Ledger) offered(now time.Time, last uint32) []*item {
	var open []*item
	for _, i := range l.items {
		if i.record.Status == SlotOpen && i.hold != ownHold && now.Before(unix(i.record.Start)) && i.appointment().Day() <= last {
			open = append(open, i)
		}
	}
	slices.SortFunc(open, func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.record.Start, b.record.Start), slices.Compare(a.id[:], b.id[:]))
	})
	return open
}

// Published notes that these slots go out in a sheet at an instant. Only the first time counts: it sets their draw
// (gossip.Rules.DrawSpan). Call it before the sheet leaves; a slot that was never published is not given out.
func (l *Ledger) Published(ctx context.Context, number uint64, slots []gossip.Slot, at time.Time) error {
	from, to := l.cfg.Rules().DrawSpan(at)
	l.mu.RLock()
	e := l.epochs[number]
	var fresh []slotKey
	if e != nil {
		for _, s := range slots {
			if i := e.tokens[gossip.TokenOf(e.front, s.ID)]; i != nil {
				key := slotKey{i.id, i.record.Generation}
				if _, known := e.visible[key]; !known && e.slotID(i) == s.ID {
					fresh = append(fresh, key)
				}
			}
		}
	}
	l.mu.RUnlock()
	if e == nil {
		return ErrEpoch
	}
	if err := l.noteVisible(ctx, e, fresh, span{from, to}); err != nil {
		return fmt.Errorf("note published slots: %w", err)
	}
	return nil
}

// noteVisible writes down since when slots can be asked for, and until when they are drawn for.
func (l *Ledger) noteVisible(ctx context.Context, e *epoch, fresh []slotKey, at span) error {
	if len(fresh) == 0 {
		return nil
	}
	record := visibleRecord{From: uint64(at.from.UnixMilli()), To: uint64(at.to.UnixMilli())}
	err := l.update(ctx, func(tx *store.Tx) error {
		for _, key := range fresh {
			if err := records.Put(tx, bucketVisible, key.on(e), record); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	for _, key := range fresh {
		if _, known := e.visible[key]; !known {
			e.visible[key] = at
		}
	}
	l.mu.Unlock()
	return nil
}

func (k slotKey) on(e *epoch) []byte {
	return binary.BigEndian.AppendUint32(append(e.prefix(), k.id[:]...), k.generation)
}

// HoldsUntil is the end of the last hold of an epoch, zero when none stands: EndEpoch waits for it.
func (l *Ledger) HoldsUntil(number uint64) time.Time {
	now := l.now()
	l.mu.RLock()
	defer l.mu.RUnlock()
	var last time.Time
	for h := range l.live {
		if h.epoch.number == number && !h.ended(now) && h.until.After(last) {
			last = h.until
		}
	}
	return last
}

// EndEpoch deletes the holds of an epoch and erases ALL keys under it in Store.Keys, the front's private keys
// included, so that nothing left here maps its tokens to appointments. It gives ErrHoldsLive while a hold stands.
// It may be called again after an error, and for an epoch that this ledger does not know.
func (l *Ledger) EndEpoch(ctx context.Context, number uint64) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	if !l.HoldsUntil(number).IsZero() {
		return ErrHoldsLive
	}
	if !l.forgetEpoch(number) {
		return ErrHoldsLive
	}
	err := l.update(ctx, func(tx *store.Tx) error {
		prefix := binary.BigEndian.AppendUint64(nil, number)
		for _, b := range []store.Bucket{bucketHolds, bucketVisible} {
			err := tx.EachPrefix(b, prefix, func(key, _ []byte) error { return tx.Delete(b, key) })
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end epoch %d: %w", number, err)
	}
	if err := l.store.Keys().Erase(number); err != nil {
		return fmt.Errorf("erase the keys of epoch %d: %w", number, err)
	}
	return nil
}

// forgetEpoch takes the epoch out of memory, unless a hold was placed meanwhile.
func (l *Ledger) forgetEpoch(number uint64) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for h := range l.live {
		if h.epoch.number == number && !h.ended(now) {
			return false
		}
	}
	for key, h := range l.holds {
		if h.epoch.number == number {
			l.release(h)
			delete(l.holds, key)
		}
	}
	for _, d := range l.draws {
		d.drop(number)
	}
	if e := l.epochs[number]; e != nil {
		clear(e.secret[:])
		delete(l.epochs, number)
	}
	return true
}

// loadEpoch reads one epoch with its holds.
func (l *Ledger) loadEpoch(number uint64) error {
	secret, ok := l.store.Keys().Get(number, nameSecret)
	front, ok2 := l.store.Keys().Get(number, nameFront)
	if !ok || !ok2 {
		return nil // keys of a role that has not begun the epoch here
	}
	if len(secret) != 32 || len(front) != 32 {
		return fmt.Errorf("keys of epoch %d: %w", number, store.ErrDamaged)
	}
	e := newEpoch(number, [32]byte(secret), [32]byte(front))
	for _, i := range l.items {
		e.show(i)
	}
	l.epochs[number] = e
	return l.store.View(func(tx *store.Tx) error {
		err := tx.EachPrefix(bucketVisible, e.prefix(), func(key, value []byte) error {
			var record visibleRecord
			if err := wire.Unmarshal(value, &record); err != nil || len(key) != 8+8+4 {
				return fmt.Errorf("read a slot of epoch %d: %w", number, store.ErrDamaged)
			}
			k := slotKey{AppointmentID(key[8:16]), binary.BigEndian.Uint32(key[16:])}
			e.visible[k] = span{time.UnixMilli(int64(record.From)), time.UnixMilli(int64(record.To))}
			return nil
		})
		if err != nil {
			return err
		}
		return tx.EachPrefix(bucketHolds, e.prefix(), func(key, value []byte) error {
			plain, err := e.sealer.Open(key, value)
			var record holdRecord
			if err != nil || wire.Unmarshal(plain, &record) != nil {
				return fmt.Errorf("read a hold of epoch %d: %w", number, store.ErrDamaged)
			}
			l.loadHold(e, record)
			return nil
		})
	})
}

// dropOrphans deletes what epochs left behind that a crash ended half-way: their keys are gone, so it says nothing any more.
func (l *Ledger) dropOrphans(ctx context.Context) error {
	return l.update(ctx, func(tx *store.Tx) error {
		for _, b := range []store.Bucket{bucketHolds, bucketVisible} {
			err := tx.Each(b, func(key, _ []byte) error {
				if len(key) >= 8 && l.epochs[binary.BigEndian.Uint64(key)] != nil {
					return nil
				}
				return tx.Delete(b, key)
			})
			if err != nil && !errors.Is(err, store.Stop) {
				return err
			}
		}
		return nil
	})
}
