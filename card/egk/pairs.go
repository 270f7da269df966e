package egk

import (
	"errors"
	"sync"
)

// PairList is a list of which CV certificate and which X.509 certificate are one card's, as insurers give it to a PoPP service (popp.md 3.2, 7.1). The
// zero value is empty. It is safe for concurrent use.
type PairList struct {
	mu    sync.RWMutex
	cvcs  map[Hash]paired
	x509s map[Hash]paired
}

// paired is the other certificate of a card.
type paired struct {
	other   Hash
	blocked bool
}

// ErrListed is a certificate that is on the list with another.
var ErrListed = errors.New("this certificate is on the list with another: delete that pair first")

// Add lists a card's certificates; one that was blocked is no longer.
func (l *PairList) Add(cvc, x509 Hash) error { return l.set(cvc, x509, false) }

// Block lists them as blocked.
func (l *PairList) Block(cvc, x509 Hash) error { return l.set(cvc, x509, true) }

func (l *PairList) set(cvc, x509 Hash, blocked bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.cvcs[cvc]; ok && known.other != x509 {
		return ErrListed
	}
	if known, ok := l.x509s[x509]; ok && known.other != cvc {
		return ErrListed
	}
	if l.cvcs == nil {
		l.cvcs, l.x509s = make(map[Hash]paired), make(map[Hash]paired)
	}
	l.cvcs[cvc], l.x509s[x509] = paired{x509, blocked}, paired{cvc, blocked}
	return nil
}

// Delete takes a pair off the list. One that is not on it is fine.
func (l *PairList) Delete(cvc, x509 Hash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.cvcs[cvc]; ok && known.other == x509 {
		delete(l.cvcs, cvc)
		delete(l.x509s, x509)
	}
}

// Check implements Pairs. A blocked certificate is blocked with whatever it comes.
func (l *PairList) Check(cvc, x509 Hash) (Pair, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	byCVC, hasCVC := l.cvcs[cvc]
	byX509, hasX509 := l.x509s[x509]
	switch {
	case byCVC.blocked || byX509.blocked:
		return Blocked, nil
	case !hasCVC && !hasX509:
		return Unknown, nil
	case hasCVC && byCVC.other == x509:
		return Match, nil
	}
	return Mismatch, nil
}
