package checkin

import (
	"errors"
	"fmt"
	"time"

	"pieks/card/egk"
	"pieks/node/records"
	"pieks/store"
)

// pairRecord says with which other certificate one came.
type pairRecord struct {
	Other egk.Hash `cbor:"1,keyasint"`
	Until uint64   `cbor:"2,keyasint"`
}

// keepPairs: who does not come for two years is new again; a pair is of no use longer than that.
const keepPairs = 2 * 365 * 24 * time.Hour

func pairKey(which byte, h egk.Hash) []byte { return append([]byte{which}, h[:]...) }

// Pairs are the certificates that were seen together here. Insurers know which belong together and tell no practice; what a practice can know is
// whether a card comes with the certificates of last time. Nobody can make the signature of another card, but whoever stands between reader
// and card could put in another person's X.509 certificate, which is the one with the name.
func (a *Arrivals) Pairs() egk.Pairs { return pairs{a.store} }

type pairs struct{ store *store.Store }

// Check is for a verification; take looks again in its transaction.
func (p pairs) Check(cvc, x509 egk.Hash) (pair egk.Pair, err error) {
	err = p.store.View(func(tx *store.Tx) error {
		pair, err = pairIn(tx, cvc, x509)
		return err
	})
	if err != nil {
		err = fmt.Errorf("%w: %w", errPairs, err)
	}
	return pair, err
}

// errPairs: what is known of a card could not be read. It is no fault of the card's.
var errPairs = errors.New("known cards could not be read")

func pairIn(tx *store.Tx, cvc, x509 egk.Hash) (egk.Pair, error) {
	var ofCVC, ofX509 pairRecord
	knownCVC, err := records.Get(tx, bucketPairs, pairKey('c', cvc), &ofCVC)
	if err != nil {
		return "", err
	}
	knownX509, err := records.Get(tx, bucketPairs, pairKey('x', x509), &ofX509)
	if err != nil {
		return "", err
	}
	return judgePair(knownCVC, knownX509, ofCVC.Other == x509 && ofX509.Other == cvc), nil
}

// judgePair is the rule of popp.md 3.2: both or none has to be known.
func judgePair(knownCVC, knownX509, eachOther bool) egk.Pair {
	switch {
	case !knownCVC && !knownX509:
		return egk.Unknown
	case knownCVC && knownX509 && eachOther:
		return egk.Match
	}
	return egk.Mismatch
}

// learnPair writes down a pair that was seen, or that it was seen again.
func learnPair(tx *store.Tx, cvc, x509 egk.Hash, now time.Time) error {
	until := uint64(now.Add(keepPairs).Unix())
	if err := records.Put(tx, bucketPairs, pairKey('c', cvc), pairRecord{x509, until}); err != nil {
		return err
	}
	return records.Put(tx, bucketPairs, pairKey('x', x509), pairRecord{cvc, until})
}
