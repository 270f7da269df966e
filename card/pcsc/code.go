//go:build pcsc

package pcsc

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ebfe/scard"
)

// meanings of the codes that the calls used here can give (winscard.h; the lists at each function of winscard_clnt.c). What is left
// out is a mistake in this package or in pcscd, which nobody at a reader can mend: ErrFailed, with the code for who can.
var meanings = map[scard.Error]error{
	scard.ErrNoService:         ErrNoService,
	scard.ErrServiceStopped:    ErrNoService,
	scard.ErrShutdown:          ErrNoService,
	scard.ErrSecurityViolation: ErrAccess,
	scard.ErrNoAccess:          ErrAccess,

	scard.ErrNoReadersAvailable: ErrNoReader,
	scard.ErrUnknownReader:      ErrUnplugged,
	scard.ErrReaderUnavailable:  ErrUnplugged,

	scard.ErrNoSmartcard:       ErrNoCard,
	scard.ErrRemovedCard:       ErrRemoved,
	scard.ErrResetCard:         ErrReset,
	scard.ErrSharingViolation:  ErrInUse,
	scard.ErrUnresponsiveCard:  ErrMute,
	scard.ErrUnpoweredCard:     ErrMute,
	scard.ErrNotTransacted:     ErrMute,
	scard.ErrCommDataLost:      ErrMute,
	scard.ErrInvalidAtr:        ErrMute,
	scard.ErrNotReady:          ErrMute,
	scard.ErrProtoMismatch:     ErrProtocol,
	scard.ErrUnsupportedCard:   ErrProtocol,
	scard.ErrCardUnsupported:   ErrProtocol,
	scard.ErrReaderUnsupported: ErrProtocol,

	scard.ErrCommError:     ErrLost,
	scard.ErrInvalidHandle: ErrLost,
	scard.ErrTimeout:       ErrHung,
	scard.ErrWaitedTooLong: ErrHung,
}

// translate makes a sentence of a PC/SC code. Other errors pass.
func translate(err error) error {
	var code scard.Error
	if !errors.As(err, &code) {
		return err
	}
	if meaning, known := meanings[code]; known {
		return meaning
	}
	return fmt.Errorf("%w (PC/SC code %08X)", ErrFailed, uint32(code))
}

// serviceGone are the codes of a pcscd that has ended: no service is there, the socket broke, or the handle is of the one before.
// Security violation is what pcsc-lite makes of a socket that was closed, since pcscd closes it for those who may not use it: from
// one that has let us in, it is the end.
func serviceGone(err error) bool {
	return oneOf(err, scard.ErrNoService, scard.ErrServiceStopped, scard.ErrShutdown, scard.ErrCommError, scard.ErrInvalidHandle,
		scard.ErrSecurityViolation)
}

// cardGone are the codes of a card that has lost its power or its state.
func cardGone(err error) bool {
	return oneOf(err, scard.ErrNoSmartcard, scard.ErrRemovedCard, scard.ErrResetCard, scard.ErrReaderUnavailable, scard.ErrUnknownReader)
}

func oneOf(err error, codes ...scard.Error) bool {
	var code scard.Error
	return errors.As(err, &code) && slices.Contains(codes, code)
}
