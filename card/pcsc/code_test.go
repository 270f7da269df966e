//go:build pcsc

package pcsc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ebfe/scard"
)

// TestTranslate: what the manual pages of the calls used here name (winscard.h, functions in winscard_clnt.c), and what else there is.
func TestTranslate(t *testing.T) {
	for code, want := range map[scard.Error]error{
		scard.ErrNoService:          ErrNoService,
		scard.ErrServiceStopped:     ErrNoService,
		scard.ErrSecurityViolation:  ErrAccess,
		scard.ErrNoReadersAvailable: ErrNoReader,
		scard.ErrUnknownReader:      ErrUnplugged,
		scard.ErrReaderUnavailable:  ErrUnplugged,
		scard.ErrNoSmartcard:        ErrNoCard,
		scard.ErrRemovedCard:        ErrRemoved,
		scard.ErrResetCard:          ErrReset,
		scard.ErrSharingViolation:   ErrInUse,
		scard.ErrUnresponsiveCard:   ErrMute,
		scard.ErrUnpoweredCard:      ErrMute,
		scard.ErrNotTransacted:      ErrMute,
		scard.ErrNotReady:           ErrMute,
		scard.ErrProtoMismatch:      ErrProtocol,
		scard.ErrUnsupportedCard:    ErrProtocol,
		scard.ErrCommError:          ErrLost,
		scard.ErrInvalidHandle:      ErrLost,
		scard.ErrTimeout:            ErrHung,
		scard.ErrInvalidParameter:   ErrFailed,
		scard.ErrInvalidValue:       ErrFailed,
		scard.ErrInsufficientBuffer: ErrFailed,
		scard.ErrInternalError:      ErrFailed,
		scard.ErrNoMemory:           ErrFailed,
		scard.ErrUnsupportedFeature: ErrFailed,
		scard.ErrUnknownError:       ErrFailed,
	} {
		got := translate(fmt.Errorf("wrapped: %w", code))
		if !errors.Is(got, want) {
			t.Errorf("%08X: %v, want %v", uint32(code), got, want)
		}
		if errors.Is(want, ErrFailed) && !strings.Contains(got.Error(), fmt.Sprintf("%08X", uint32(code))) {
			t.Errorf("%08X is not named: %v", uint32(code), got)
		}
	}
	// Every code is a sentence of ours, whichever it is.
	for code := scard.ErrInternalError; code <= scard.ErrCardNotAuthenticated; code++ {
		if err := translate(code); err == nil || strings.Contains(err.Error(), "scard") {
			t.Errorf("%08X: %v", uint32(code), err)
		}
	}
	if other := errors.New("other"); translate(other) != other || translate(nil) != nil {
		t.Error("errors that are no codes are changed")
	}
}

func TestServiceAndCardGone(t *testing.T) {
	for code, want := range map[scard.Error][2]bool{
		scard.ErrNoService: {true, false}, scard.ErrCommError: {true, false}, scard.ErrSecurityViolation: {true, false},
		scard.ErrRemovedCard: {false, true}, scard.ErrUnknownReader: {false, true}, scard.ErrResetCard: {false, true},
		scard.ErrSharingViolation: {false, false}, scard.ErrNotTransacted: {false, false},
	} {
		if got := [2]bool{serviceGone(code), cardGone(code)}; got != want {
			t.Errorf("%08X: %v, want %v", uint32(code), got, want)
		}
	}
}

// TestStateOf: bits that come together (SCardGetStatusChange), with the count of events above them.
func TestStateOf(t *testing.T) {
	for flags, want := range map[scard.StateFlag]State{
		scard.StateEmpty: Empty,
		scard.StateEmpty | scard.StateChanged | 7<<16:                    Empty,
		scard.StatePresent | scard.StateChanged:                          Present,
		scard.StatePresent | scard.StateInuse | 3<<16:                    InUse,
		scard.StatePresent | scard.StateExclusive:                        Exclusive,
		scard.StatePresent | scard.StateMute:                             Mute,
		scard.StatePresent | scard.StateMute | scard.StateInuse:          Mute,
		scard.StateUnavailable:                                           Broken,
		scard.StateUnknown | scard.StateUnavailable | scard.StateChanged: Broken,
	} {
		if got := stateOf(flags); got != want {
			t.Errorf("%#x: %s, want %s", uint32(flags), got, want)
		}
	}
}
