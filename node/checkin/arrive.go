package checkin

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"pieks/card/egk"
	"pieks/node/checkin/popp"
	"pieks/node/records"
	"pieks/store"
)

// arrived is everything that one check-in writes.
type arrived struct {
	id        ID
	statement [sha256.Size]byte
	key       [32]byte // C
	record    arrivalRecord
	outcome   []byte // message
	cvc, x509 egk.Hash
}

// recorded is what was answered to a statement before, nil when nothing was. ErrReplay: its id was used for something else.
func (a *Arrivals) recorded(s *signedStatement) (outcome []byte, err error) {
	err = a.store.View(func(tx *store.Tx) error {
		outcome, err = recordedIn(tx, s.ID, s.hash())
		return err
	})
	return outcome, err
}

func recordedIn(tx *store.Tx, id ID, statement [sha256.Size]byte) ([]byte, error) {
	var used idRecord
	ok, err := records.Get(tx, bucketIDs, id[:], &used)
	switch {
	case err != nil || !ok:
		return nil, err
	case used.Statement != statement:
		return nil, ErrReplay
	}
	return used.Outcome, nil
}

// outcomeFor is what was answered to a check-in of a key, nil when nothing was.
func (a *Arrivals) outcomeFor(id ID, key [32]byte) (outcome []byte, err error) {
	err = a.store.View(func(tx *store.Tx) error {
		var used idRecord
		ok, err := records.Get(tx, bucketIDs, id[:], &used)
		if ok && used.Key == key {
			outcome = used.Outcome
		}
		return err
	})
	return outcome, err
}

// take writes an arrival down, all of it or nothing, and gives the outcome to tell once that is on the disk: the recorded one if the same statement
// was there before. ErrReplay, ErrPair, ErrLimit: nothing was written. Any other error is the store's.
func (a *Arrivals) take(ctx context.Context, n *arrived) (outcome []byte, err error) {
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		if outcome, err = recordedIn(tx, n.id, n.statement); err != nil || outcome != nil {
			return err
		}
		outcome = n.outcome
		return a.write(tx, n)
	})
	if err != nil {
		return nil, err
	}
	a.onChange()
	return outcome, nil
}

func (a *Arrivals) write(tx *store.Tx, n *arrived) error {
	now := a.now()
	if n.record.Pair != "" {
		pair, err := pairIn(tx, n.cvc, n.x509)
		if err != nil {
			return err
		}
		if pair != n.record.Pair && pair != egk.Match { // a second check-in of the card was faster
			return ErrPair
		}
		if err := learnPair(tx, n.cvc, n.x509, now); err != nil {
			return err
		}
	}
	if err := countIn(tx, now, n.record.KVNR); err != nil {
		return err
	}
	return a.add(tx, n)
}

// add writes the arrival itself.
func (a *Arrivals) add(tx *store.Tx, n *arrived) error {
	now := a.now()
	day, hash := dayOf(now), popp.HashOf(n.record.Token)
	n.record.Received, n.record.Until = uint64(now.Unix()), uint64(now.Add(keepArrivals).Unix())
	used := idRecord{Day: day, Statement: n.statement, Key: n.key, Outcome: n.outcome, Until: n.record.Until}
	if err := records.Put(tx, bucketIDs, n.id[:], used); err != nil {
		return err
	}
	if err := records.Put(tx, bucketTokens, hash[:], tokenRecord{n.id, n.record.Until}); err != nil {
		return err
	}
	return records.Put(tx, bucketArrivals, arrivalKey(day, n.id), n.record)
}

// countIn counts an arrival for its day and its card. ErrLimit: there were too many.
func countIn(tx *store.Tx, now time.Time, kvnr string) error {
	day := dayKey(dayOf(now))
	for _, c := range []struct {
		key  []byte
		most uint32
	}{{day, perDay}, {append(day[:4:4], kvnr...), perCardAndDay}} {
		var r countRecord
		if _, err := records.Get(tx, bucketCounts, c.key, &r); err != nil {
			return err
		}
		if r.Count >= c.most {
			return ErrLimit
		}
		r.Count, r.Until = r.Count+1, uint64(now.Add(48*time.Hour).Unix())
		if err := records.Put(tx, bucketCounts, c.key, r); err != nil {
			return err
		}
	}
	return nil
}

// AddToken adds an arrival for a token of a PoPP service, which was verified, and in the same step takes it off those that wait. A token that was handed
// in before, by whomever, is ErrUsedToken.
func (a *Arrivals) AddToken(ctx context.Context, t *popp.Token, compact string, workplace popp.WorkplaceID) (Arrival, error) {
	n := &arrived{id: NewID(), record: arrivalRecord{
		Workplace: string(workplace), KVNR: t.Claims.PatientID, IK: t.Claims.InsurerID, Proof: t.Claims.ProofMethod,
		Proved: uint64(max(0, t.Claims.PatientProofTime)), Kind: t.Kind, Token: compact,
	}}
	if len(compact) > maxToken || popp.HashOf(compact) != t.Hash {
		return Arrival{}, fmt.Errorf("add an arrival: %w: it is not the token that was verified", ErrMessage)
	}
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		var used tokenRecord
		if ok, err := records.Get(tx, bucketTokens, t.Hash[:], &used); err != nil || ok {
			if err == nil {
				err = ErrUsedToken
			}
			return err
		}
		if err := countIn(tx, a.now(), t.Claims.PatientID); err != nil {
			return err
		}
		if err := tx.Delete(bucketWaiting, t.Hash[:]); err != nil {
			return err
		}
		return a.add(tx, n)
	})
	if err != nil {
		return Arrival{}, fmt.Errorf("add an arrival: %w", err)
	}
	a.onChange()
	return n.record.arrival(n.id), nil
}
