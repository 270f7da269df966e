package pace

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"pieks/card"
)

const (
	insSelect       = 0xa4
	insRead         = 0xb0
	insSet          = 0x22
	insAuthenticate = 0x86
	claChained      = 0x10

	swOK       = 0x9000
	swWarning  = 0x6281 // data may be corrupt: a reader goes on (popp.md section 3.4)
	swEnd      = 0x6282
	swAuthFail = 0x6300
)

var (
	fileAccess  = []byte{0x01, 0x1c}
	setTemplate = []byte("\x80\x0a" + protocol + "\x83\x01\x02")
)

// Open runs PACE over ch, once, and gives the channel on which plain commands go out secured, for one user at a time. A CAN that is not six digits
// is ErrCAN, before anything is sent; one that is not the card's ErrWrongCAN; a card without PACE ErrNotOffered. The channel knows ch's answer to
// reset, if that does. After an error of its own it is over: whoever wants more opens the card again.
func Open(ctx context.Context, ch card.Channel, can CAN) (card.Channel, error) {
	return open(ctx, ch, can, rand.Reader)
}

func open(ctx context.Context, ch card.Channel, can CAN, random io.Reader) (*secured, error) {
	if err := can.Check(); err != nil {
		return nil, err
	}
	if err := Offered(ctx, ch); err != nil {
		return nil, err
	}
	k, err := agree(ctx, ch, can, random)
	if err != nil {
		return nil, err
	}
	return &secured{ch: ch, session: newSession(k)}, nil
}

// Offered says with ErrNotOffered that a card has no PACE. It needs no CAN.
func Offered(ctx context.Context, ch card.Channel) error {
	if _, err := send(ctx, ch, "select its root", card.Command{INS: insSelect, P1: 0x04, P2: 0x0c}); err != nil {
		return notOffered(err)
	}
	if _, err := send(ctx, ch, "select EF.CardAccess", card.Command{INS: insSelect, P1: 0x02, P2: 0x0c, Data: fileAccess}); err != nil {
		return notOffered(err)
	}
	file, err := send(ctx, ch, "read EF.CardAccess", card.Command{INS: insRead, Ne: maxAccess})
	if err != nil {
		return notOffered(err)
	}
	return checkAccess(file)
}

// notOffered: who refuses one of these commands is another card.
func notOffered(err error) error {
	if _, refused := errors.AsType[*card.StatusError](err); refused {
		return fmt.Errorf("%w: %w", ErrNotOffered, err)
	}
	return err
}

// agree is the terminal's part, one command after another.
func agree(ctx context.Context, ch card.Channel, can CAN, random io.Reader) (keys, error) {
	if _, err := send(ctx, ch, "begin PACE", card.Command{INS: insSet, P1: 0xc1, P2: 0xa4, Data: setTemplate}); err != nil {
		return keys{}, err
	}
	z, err := authenticate(ctx, ch, claChained, []byte{0x7c, 0}, tagNonce, block)
	if err != nil {
		return keys{}, err
	}
	nonce := openNonce(can, [block]byte(z))
	own, err := newSide(random)
	if err != nil {
		return keys{}, err
	}
	other, err := authenticate(ctx, ch, claChained, dynamicData(tagMapTerminal, own.own.encode()), tagMapCard, 1+2*coordinate)
	if err != nil {
		return keys{}, err
	}
	if err := own.mapped(nonce, other); err != nil {
		return keys{}, err
	}
	if other, err = authenticate(ctx, ch, claChained, dynamicData(tagKeyTerminal, own.own.encode()), tagKeyCard, 1+2*coordinate); err != nil {
		return keys{}, err
	}
	k, show, want, err := own.agreed(other)
	if err != nil {
		return keys{}, err
	}
	token, err := authenticate(ctx, ch, 0, dynamicData(tagTokenTerminal, show[:]), tagTokenCard, macSize)
	if refused, ok := errors.AsType[*card.StatusError](err); ok && refused.SW>>8 == swAuthFail>>8 {
		return keys{}, ErrWrongCAN
	}
	if err != nil {
		return keys{}, err
	}
	if !good(want, token) {
		return keys{}, ErrWrongCAN
	}
	return k, nil
}

// authenticate is GENERAL AUTHENTICATE, with the object that its answer has to hold.
func authenticate(ctx context.Context, ch card.Channel, cla byte, data []byte, tag byte, size int) ([]byte, error) {
	answer, err := send(ctx, ch, "agree on a key", card.Command{CLA: cla, INS: insAuthenticate, Data: data, Ne: shortAnswer})
	if err != nil {
		return nil, err
	}
	return readDynamicData(answer, tag, size)
}

// send sends one plain command. A status word that says anything but done is a *card.StatusError.
func send(ctx context.Context, ch card.Channel, doing string, c card.Command) ([]byte, error) {
	raw, err := c.Encode()
	if err != nil {
		return nil, err
	}
	response, err := ch.Transmit(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("ask the card to %s: %w", doing, err)
	}
	data, sw, err := split(response)
	if err != nil {
		return nil, fmt.Errorf("ask the card to %s: %w", doing, err)
	}
	if sw != swOK && sw != swWarning && sw != swEnd {
		return nil, &card.StatusError{Doing: doing, SW: sw}
	}
	return data, nil
}

// split takes a response APDU apart.
func split(raw []byte) (data []byte, sw uint16, err error) {
	n := len(raw) - 2
	if n < 0 || n > longAnswer {
		return nil, 0, fmt.Errorf("%w: %d bytes", card.ErrResponse, len(raw))
	}
	return raw[:n], uint16(raw[n])<<8 | uint16(raw[n+1]), nil
}

// answer puts a response APDU together.
func answer(data []byte, sw uint16) []byte {
	return append(append(make([]byte, 0, len(data)+2), data...), byte(sw>>8), byte(sw))
}
