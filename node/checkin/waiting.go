package checkin

import (
	"context"
	"errors"
	"fmt"

	"pieks/gossip/wire"
	"pieks/node/checkin/popp"
	"pieks/node/records"
	"pieks/store"
)

// Delivered is a token that a PoPP service gave out and that was not verified yet. The service gives it once, so it is written down before its keys
// are asked for; it waits here until it becomes an arrival (AddToken), turns out not to hold (Drop), or is a week old.
type Delivered struct {
	Token     string
	Workplace popp.WorkplaceID
}

var errFull = errors.New("too many tokens of the PoPP service wait here to be verified: see that its keys are reached")

// Keep writes tokens down and says how many wait now. One that waits already or was used is passed over. With MaxWaiting of them there, nothing more should
// be fetched; what was fetched all the same is kept up to twice as many.
func (a *Arrivals) Keep(ctx context.Context, list []Delivered) (waiting int, err error) {
	until := uint64(a.now().Add(keepWaiting).Unix())
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		if waiting, err = waitingIn(tx); err != nil {
			return err
		}
		for _, d := range list {
			fresh, err := keepIn(tx, d, until)
			if err != nil {
				return err
			}
			if fresh {
				waiting++
			}
		}
		if waiting > 2*MaxWaiting {
			return errFull
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("keep tokens of a PoPP service: %w", err)
	}
	return waiting, nil
}

func keepIn(tx *store.Tx, d Delivered, until uint64) (fresh bool, err error) {
	if len(d.Token) > maxToken {
		return false, fmt.Errorf("%w: a token is too long", ErrMessage)
	}
	hash := popp.HashOf(d.Token)
	for _, known := range []store.Bucket{bucketWaiting, bucketTokens} {
		if data, err := tx.Get(known, hash[:]); err != nil || data != nil {
			return false, err
		}
	}
	return true, records.Put(tx, bucketWaiting, hash[:], waitingRecord{string(d.Workplace), d.Token, until})
}

func waitingIn(tx *store.Tx) (n int, err error) {
	err = tx.Each(bucketWaiting, func(_, _ []byte) error { n++; return nil })
	return n, err
}

// Waiting are the tokens that wait to be verified, in no order.
func (a *Arrivals) Waiting() (list []Delivered, err error) {
	now := uint64(max(0, a.now().Unix()))
	err = a.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketWaiting, func(_, value []byte) error {
			var r waitingRecord
			if err := wire.Unmarshal(value, &r); err != nil {
				return fmt.Errorf("read a token that waits: %w", store.ErrDamaged)
			}
			if now <= r.Until {
				list = append(list, Delivered{r.Token, popp.WorkplaceID(r.Workplace)})
			}
			return nil
		})
	})
	return list, err
}

// Drop forgets a token that waits.
func (a *Arrivals) Drop(ctx context.Context, compact string) error {
	hash := popp.HashOf(compact)
	return a.store.Update(ctx, func(tx *store.Tx) error { return tx.Delete(bucketWaiting, hash[:]) })
}
