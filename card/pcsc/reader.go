package pcsc

import (
	"fmt"
	"strconv"
	"strings"
)

// Reader is a card reader as it was when it was looked at.
type Reader struct {
	Index int    // from 1, as people count
	Name  string // as pcscd gives it
	State State
	ATR   []byte // the card's answer to reset (ISO 7816-3 section 8), at most 33 bytes; nil without a card that answers

	// Events counts insertions and removals since pcscd started, modulo 65,536: another number is another card, or the same one again.
	Events uint16

	flags uint32 // as SCardGetStatusChange gave them
}

// State is what a reader says of itself.
type State string

const (
	Empty     State = "empty"
	Present   State = "present"   // a card, and nobody uses it
	InUse     State = "in use"    // a card, and another program is connected with it; it may let others in between
	Exclusive State = "exclusive" // a card that another program has for itself
	Mute      State = "mute"      // a card that does not answer
	Broken    State = "unavailable"
)

// HasCard says whether there is a card in the reader, answering or not.
func (r Reader) HasCard() bool {
	return r.State == Present || r.State == InUse || r.State == Exclusive || r.State == Mute
}

// choose finds the reader that which means: a name, a number, a part of one name whatever its case, or with "" the only one that has a
// card. A whole name counts first, since it may be a number too.
func choose(readers []Reader, which string) (Reader, error) {
	if len(readers) == 0 {
		return Reader{}, ErrNoReader
	}
	if which == "" {
		return onlyCard(readers)
	}
	for _, r := range readers {
		if r.Name == which {
			return r, nil
		}
	}
	if n, err := strconv.Atoi(which); err == nil {
		for _, r := range readers {
			if r.Index == n {
				return r, nil
			}
		}
		return Reader{}, fmt.Errorf("%w: %q; there are %s", ErrNoSuchReader, which, listed(readers))
	}
	var found []Reader
	for _, r := range readers {
		if strings.Contains(strings.ToLower(r.Name), strings.ToLower(which)) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return Reader{}, fmt.Errorf("%w: %q; there are %s", ErrNoSuchReader, which, listed(readers))
	case 1:
		return found[0], nil
	}
	return Reader{}, fmt.Errorf("%w: %s", ErrAmbiguous, listed(found))
}

func onlyCard(readers []Reader) (Reader, error) {
	var found []Reader
	for _, r := range readers {
		if r.HasCard() {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return Reader{}, ErrNoCard
	case 1:
		return found[0], nil
	}
	return Reader{}, fmt.Errorf("%w: %s", ErrSeveralCards, listed(found))
}

func listed(readers []Reader) string {
	var b strings.Builder
	for i, r := range readers {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %q", r.Index, r.Name)
	}
	return b.String()
}

// inserted are the cards that were in readers at one time, by the reader's name, with its events then.
type inserted map[string]uint16

func insertedIn(readers []Reader) inserted {
	cards := inserted{}
	for _, r := range readers {
		if r.HasCard() {
			cards[r.Name] = r.Events
		}
	}
	return cards
}

// gone says whether none of the cards is there any more. One that was pulled and inserted again was pulled. After a new start of pcscd
// events begin at zero: then nothing is known of the time between, and a card that is there counts as the one that was.
func (cards inserted) gone(readers []Reader) bool {
	now := insertedIn(readers)
	for name, events := range cards {
		if again, there := now[name]; !there || again > events {
			delete(cards, name)
		} else {
			cards[name] = again
		}
	}
	return len(cards) == 0
}
