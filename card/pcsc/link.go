//go:build pcsc

package pcsc

import (
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/ebfe/scard"
)

// pnp is the reader that changes when another is plugged in or out (SCardGetStatusChange).
const pnp = `\\?PnP?\Notification`

// link is a context with pcscd and, once connected, a card. What mu does not guard belongs to the one call that runs.
type link struct {
	card  *scard.Card
	began bool // the transaction

	mu       sync.Mutex
	context  *scard.Context // nil before and after
	left     bool           // the caller is gone
	inTheWay bool           // another program has the card, and is waited for
	queued   bool           // in SCardBeginTransaction
}

func (l *link) establish() error {
	c, err := scard.EstablishContext()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.context = c
	if l.left {
		return scard.ErrCancelled
	}
	return nil
}

// list looks at all readers and their cards.
func (l *link) list(lane int) ([]Reader, error) {
	var err error
	for range maxList {
		var names []string
		if names, err = l.context.ListReaders(); errors.Is(err, scard.ErrNoReadersAvailable) || err == nil && len(names) == 0 {
			return nil, nil
		}
		if err == nil {
			var states []scard.ReaderState
			if states, err = l.states(names, lane); err == nil {
				return readersOf(names, states), nil
			}
		}
		if !errors.Is(err, scard.ErrUnknownReader) && !errors.Is(err, scard.ErrInsufficientBuffer) {
			return nil, err
		}
	} // a reader came or went meanwhile
	return nil, err
}

func (l *link) states(names []string, lane int) ([]scard.ReaderState, error) {
	names = names[:min(len(names), maxStates)]
	states := make([]scard.ReaderState, len(names))
	for i, name := range names {
		states[i].Reader = own(name, lane)
	}
	return states, l.context.GetStatusChange(states, 0)
}

// own makes the name of a reader the lane's own: scard keeps each name that C is reading alive by its text, so a call with the same
// text would let the garbage collector take the name away from another that still waits. C stops at the zero.
func own(name string, lane int) string { return name + "\x00" + strconv.Itoa(lane) }

func readersOf(names []string, states []scard.ReaderState) []Reader {
	readers := make([]Reader, len(states))
	for i, s := range states {
		readers[i] = Reader{
			Index: i + 1, Name: names[i], State: stateOf(s.EventState), Events: uint16(s.EventState >> 16), flags: uint32(s.EventState),
		}
		if s.EventState&scard.StatePresent != 0 {
			readers[i].ATR = s.Atr
		}
	}
	return readers
}

func stateOf(s scard.StateFlag) State {
	switch {
	case s&(scard.StateUnknown|scard.StateUnavailable) != 0:
		return Broken
	case s&scard.StatePresent == 0:
		return Empty
	case s&scard.StateMute != 0:
		return Mute
	case s&scard.StateExclusive != 0:
		return Exclusive
	case s&scard.StateInuse != 0:
		return InUse
	}
	return Present
}

// connect takes the card in r for this link alone.
func (l *link) connect(r Reader) error {
	l.mu.Lock()
	l.inTheWay = r.State == InUse || r.State == Exclusive
	l.mu.Unlock()
	card, err := l.context.Connect(r.Name, scard.ShareShared, scard.ProtocolAny)
	if err != nil {
		return err
	}
	l.card = card
	if p := card.ActiveProtocol(); p != scard.ProtocolT0 && p != scard.ProtocolT1 {
		return scard.ErrProtoMismatch // scard would panic at the first command
	}
	return l.begin()
}

// begin begins the transaction, on a card as it is now: another program may have reset it since we connected.
func (l *link) begin() error {
	l.mu.Lock()
	if l.left {
		l.mu.Unlock()
		return scard.ErrCancelled
	}
	l.queued, l.inTheWay = true, true
	l.mu.Unlock()
	err := l.card.BeginTransaction()
	for range maxBegins - 1 {
		if !errors.Is(err, scard.ErrResetCard) {
			break
		}
		if err = l.card.Reconnect(scard.ShareShared, scard.ProtocolAny, scard.LeaveCard); err == nil {
			err = l.card.BeginTransaction()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queued, l.began = false, err == nil
	if l.began {
		l.inTheWay = false
	}
	return err
}

// transmit sends a command. Before a card has answered anything, its reset by others loses nothing, and pcscd refuses the command without
// sending it: then it is sent after the reset. That happens when the program before us died: pcscd gives the card to us first and
// resets it then (SCardDisconnect in winscard.c).
func (l *link) transmit(command []byte, used bool) ([]byte, error) {
	answer, err := l.card.Transmit(command)
	for range maxBegins - 1 {
		if used || !oneOf(err, scard.ErrResetCard, scard.ErrProtoMismatch) {
			break
		}
		if err = l.card.Reconnect(scard.ShareShared, scard.ProtocolAny, scard.LeaveCard); err == nil {
			answer, err = l.card.Transmit(command)
		}
	}
	if err == nil && len(answer) < minAnswer {
		return nil, scard.ErrNotTransacted // some drivers say so when the card is pulled
	}
	return answer, err
}

func (l *link) atr() ([]byte, error) {
	status, err := l.card.Status()
	if err != nil {
		return nil, err
	}
	return status.Atr, nil
}

// leave is the interrupt of a call that opens: it ends the wait for a transaction, which polls in C without an end.
func (l *link) leave() {
	l.mu.Lock()
	l.left = true
	queued := l.queued
	l.mu.Unlock()
	if queued {
		_ = l.card.Disconnect(scard.LeaveCard)
	}
}

func (l *link) blocked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inTheWay
}

// cancel ends the wait of a watching call; it is repeated until that has released its context.
func (l *link) cancel() {
	for l.cancelOnce() {
		time.Sleep(cancelRetry)
	}
}

func (l *link) cancelOnce() (again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = true
	if l.context != nil {
		_ = l.context.Cancel()
	}
	return l.context != nil
}

// close resets the card, if it was ours, and gives up everything. The error is that of the reset.
func (l *link) close() (err error) {
	if l.card != nil {
		end := scard.LeaveCard
		if l.began {
			if err = l.card.EndTransaction(scard.ResetCard); err != nil {
				end = scard.ResetCard
			}
		}
		if gone := l.card.Disconnect(end); gone == nil {
			err = nil
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.context != nil {
		_ = l.context.Release()
	}
	l.card, l.began, l.context = nil, false, nil
	return err
}

// why says more about a command that failed: pcscd gives the same code when the card was pulled, when the reader was unplugged and when
// the card gave nonsense, and libpcsclite the same when pcscd has ended and when it has been started again.
func (l *link) why(name string, lane int, failed error) error {
	switch {
	case serviceGone(failed):
		var probe link
		if err := probe.establish(); err != nil {
			return err
		}
		_ = probe.close()
		return scard.ErrCommError
	case errors.Is(failed, scard.ErrNotTransacted), errors.Is(failed, scard.ErrCommDataLost), errors.Is(failed, scard.ErrUnpoweredCard):
		return l.pulled(name, lane, failed)
	}
	return failed
}

func (l *link) pulled(name string, lane int, failed error) error {
	states := []scard.ReaderState{{Reader: own(name, lane)}}
	err := l.context.GetStatusChange(states, 0)
	if err == nil && states[0].EventState&scard.StatePresent != 0 {
		states[0].CurrentState = states[0].EventState &^ scard.StateChanged
		err = l.context.GetStatusChange(states, pullDelay)
	}
	switch {
	case errors.Is(err, scard.ErrTimeout):
		return failed
	case err != nil:
		return err
	case states[0].EventState&(scard.StateUnknown|scard.StateUnavailable) != 0:
		return scard.ErrReaderUnavailable
	case states[0].EventState&scard.StatePresent == 0:
		return scard.ErrRemovedCard
	}
	return failed
}
