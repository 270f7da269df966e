package card

import (
	"context"
	"errors"
	"fmt"
)

// transport sends commands to a card as it can take them (ISO 7816-4 sections 5.3.3 and 5.3.4): once, in parts where data is too long for a
// short command and the card does not say that it takes extended ones, and fetches what the card holds ready.
// What it sent is wiped: it may have held a PIN.
type transport struct {
	Channel
	extended bool
}

// newTransport asks a Channel that knows its card's answer to reset for it; without one, or with one that makes no sense, the card
// gets short commands, which all cards take.
func newTransport(ch Channel) *transport {
	t := &transport{Channel: ch}
	if knows, ok := ch.(interface{ ATR() []byte }); ok {
		if atr, err := ParseATR(knows.ATR()); err == nil {
			t.extended = atr.Extended
		}
	}
	return t
}

// exchange sends c and gives the whole answer with its last status word, whatever that is. An answer that is longer than c.Ne, or
// comes in crumbs, ends it.
func (t *transport) exchange(ctx context.Context, c Command) (data []byte, sw uint16, err error) {
	most := max(c.Ne, 256) // T=0 cards also hold ready what nobody wanted
	if c, sw, err = t.chain(ctx, c); err != nil || sw != swOK {
		return nil, sw, err
	}
	data, sw, err = t.once(ctx, c)
	for rounds := 0; err == nil && sw>>8 == swMore>>8; rounds++ {
		if rounds == maxRounds {
			return nil, 0, fmt.Errorf("%w: it does not end", ErrResponse)
		}
		var more []byte
		more, sw, err = t.once(ctx, Command{CLA: c.CLA, INS: insGetResponse, Ne: expected([]byte{byte(sw)}, 256)})
		data = append(data, more...)
	}
	if len(data) > most {
		return nil, 0, fmt.Errorf("%w: %d bytes where %d were wanted", ErrResponse, len(data), most)
	}
	return data, sw, err
}

// chain sends what of c does not fit into one command, and gives what is left of it. A status other than 9000 ends it.
func (t *transport) chain(ctx context.Context, c Command) (rest Command, sw uint16, err error) {
	if t.extended {
		return c, swOK, nil
	}
	c.Ne = min(c.Ne, 256)
	for len(c.Data) > 255 {
		part := Command{CLA: c.CLA | claChained, INS: c.INS, P1: c.P1, P2: c.P2, Data: c.Data[:255]}
		if _, sw, err = t.once(ctx, part); err != nil || sw != swOK {
			return c, sw, err
		}
		c.Data = c.Data[255:]
	}
	return c, swOK, nil
}

// once sends one command. When the card wants to give another number of bytes (6Cxx) it is asked for that, once; VERIFY never,
// since it might cost a second try of the PIN.
func (t *transport) once(ctx context.Context, c Command) (data []byte, sw uint16, err error) {
	if data, sw, err = t.transmit(ctx, c); err != nil || sw>>8 != swWrongLe>>8 || c.Ne == 0 || c.INS == insVerify {
		return data, sw, err
	}
	c.Ne = expected([]byte{byte(sw)}, 256)
	return t.transmit(ctx, c)
}

func (t *transport) transmit(ctx context.Context, c Command) (data []byte, sw uint16, err error) {
	raw, err := c.Encode()
	if err != nil {
		return nil, 0, err
	}
	defer clear(raw)
	response, err := t.Transmit(ctx, raw)
	if err != nil {
		return nil, 0, err
	}
	return splitResponse(response)
}

// send is exchange for a driver: a status other than 9000, and 6282 on reading to the end, is a *StatusError.
func (t *transport) send(ctx context.Context, doing string, c Command) ([]byte, error) {
	data, sw, err := t.exchange(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("ask the card to %s: %w", doing, err)
	}
	if sw != swOK && (sw != swEndOfFile || len(data) == 0) {
		return nil, &StatusError{Doing: doing, SW: sw}
	}
	return data, nil
}

// refusal gives the status word of an error that is a card's refusal.
func refusal(err error) (sw uint16, ok bool) {
	var refused *StatusError
	if errors.As(err, &refused) {
		return refused.SW, true
	}
	return 0, false
}

// presentPIN sends VERIFY once. data, the PIN as the card wants it, is wiped afterwards.
func (t *transport) presentPIN(ctx context.Context, reference byte, data []byte) error {
	defer clear(data)
	_, err := t.send(ctx, "take the PIN", Command{INS: insVerify, P2: reference, Data: data})
	if sw, refused := refusal(err); refused {
		if tries, ok := triesIn(sw); ok {
			return &PINError{Tries: tries}
		}
		if sw == swBlocked {
			return ErrPINBlocked
		}
	}
	return err
}

// askTries sends a command that tells of a PIN without presenting one. A PIN that is verified has all tries left.
func (t *transport) askTries(ctx context.Context, c Command) (int, error) {
	_, err := t.send(ctx, "tell its PIN status", c)
	if err == nil {
		return pinTries, nil
	}
	if sw, refused := refusal(err); refused {
		if tries, ok := triesIn(sw); ok {
			return tries, nil
		}
		if sw == swBlocked {
			return 0, nil
		}
	}
	return 0, err
}

// triesIn reads the tries left out of status word 63Cx.
func triesIn(sw uint16) (int, bool) { return int(sw & 0x0f), sw&0xfff0 == swWrongPIN }

// computeSignature is PSO COMPUTE DIGITAL SIGNATURE over a digest, with the key that MSE SET has selected by reference.
func (t *transport) computeSignature(ctx context.Context, reference, digest []byte) ([]byte, error) {
	if err := checkDigest(digest); err != nil {
		return nil, err
	}
	if _, err := t.send(ctx, "select its key", Command{INS: 0x22, P1: 0x41, P2: 0xb6, Data: reference}); err != nil {
		return nil, err
	}
	raw, err := t.send(ctx, "sign", Command{INS: 0x2a, P1: 0x9e, P2: 0x9a, Data: digest, Ne: 256})
	if err != nil {
		return nil, needsPIN(err)
	}
	return joinSignature(raw)
}

func checkDigest(digest []byte) error {
	if len(digest) != crypto256.Size() {
		return fmt.Errorf("sign a digest of %d bytes: only SHA-256 is signed", len(digest))
	}
	return nil
}

// needsPIN turns the refusal of a signature into what it means.
func needsPIN(err error) error {
	if sw, refused := refusal(err); refused && sw == swSecurity {
		return ErrPINNeeded
	}
	return err
}

// readBinary reads the selected file, or the one that first selects, from its beginning; enough says when what was read is all.
// A file that ends before is read to its end.
func (t *transport) readBinary(ctx context.Context, doing string, first Command, enough func(data []byte) (bool, error)) ([]byte, error) {
	first.INS, first.Ne = 0xb0, readChunk
	data, err := t.send(ctx, doing, first)
	if err != nil {
		return nil, err
	}
	for reads := 2; ; reads++ {
		if done, err := enough(data); done || err != nil {
			return data, err
		}
		more, sw, err := t.exchange(ctx, Command{INS: 0xb0, P1: byte(len(data) >> 8), P2: byte(len(data)), Ne: readChunk})
		switch {
		case err != nil:
			return nil, fmt.Errorf("ask the card to %s: %w", doing, err)
		case sw == swOffset || (sw == swEndOfFile && len(more) == 0):
			return data, nil
		case sw != swOK && sw != swEndOfFile:
			return nil, &StatusError{Doing: doing, SW: sw}
		case len(more) == 0 || reads == maxReads || len(data)+len(more) > maxFile:
			return nil, fmt.Errorf("%s: %w: it does not end", doing, ErrResponse)
		}
		data = append(data, more...)
	}
}
