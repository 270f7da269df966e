package card

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// layout is where a kind of card keeps what Pieks uses.
type layout struct {
	kind        Kind
	root        []byte // application identifier of the master file: what tells the kinds apart
	application []byte // application with certificate and key
	certificate byte   // short file identifier
	key         byte   // key reference for MSE SET, with the bit of a key inside the application
	algorithm   byte   // algorithm reference for MSE SET
	pin         byte   // password reference
}

// layouts of the cards that Open knows: crypto.md 5.5, gemSpec_HBA_ObjSys and gemSpec_SMC-B_ObjSys G2.1.
// In both: EF.C.HP.AUT.E256 or EF.C.HCI.AUT.E256 (FID C506), PrK.HP.AUT.E256 or PrK.HCI.AUT.E256 (signECDSA), PIN.CH or PIN.SMC.
var layouts = []layout{
	{SMCB, []byte("\xd2\x76\x00\x01\x46\x06"), applicationESIGN, 0x06, 0x86, 0x00, 0x01},
	{HBA, []byte("\xd2\x76\x00\x01\x46\x01"), applicationESIGN, 0x06, 0x86, 0x00, 0x01},
}

var applicationESIGN = []byte("\xa0\x00\x00\x01\x67\x45\x53\x49\x47\x4e") // DF.ESIGN

// HealthCard drives an HBA or SMC-B. It needs the contact interface: contactless ones ask for PACE first.
type HealthCard struct {
	Channel
	layout layout
}

var _ Card = (*HealthCard)(nil)

// Open finds out by its application identifiers what card is at the other end, ErrForeignCard if none that Pieks knows.
func Open(ctx context.Context, ch Channel) (*HealthCard, error) {
	for _, l := range layouts {
		h := &HealthCard{Channel: ch, layout: l}
		_, err := h.send(ctx, "select its root", selectApplication(l.root))
		var refused *StatusError
		if errors.As(err, &refused) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := h.selectApplication(ctx); err != nil {
			return nil, err
		}
		return h, nil
	}
	return nil, ErrForeignCard
}

// Kind says which layout was found.
func (h *HealthCard) Kind() Kind { return h.layout.kind }

// Certificate reads the authentication certificate: first chunk by short file identifier, the rest by offset.
func (h *HealthCard) Certificate(ctx context.Context) ([]byte, error) {
	if err := h.selectApplication(ctx); err != nil {
		return nil, err
	}
	const doing = "read its certificate"
	read := Command{INS: 0xb0, P1: 0x80 | h.layout.certificate, Ne: readChunk}
	data, err := h.send(ctx, doing, read)
	if err != nil {
		return nil, err
	}
	head, body, err := readLength(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: no certificate there", doing, ErrResponse)
	}
	size := head + body
	if size > maxCertificate {
		return nil, fmt.Errorf("%s: %w: %d bytes", doing, ErrResponse, size)
	}
	for reads := 2; len(data) < size; reads++ {
		read.P1, read.P2 = byte(len(data)>>8), byte(len(data))
		more, err := h.send(ctx, doing, read)
		if err != nil {
			return nil, err
		}
		if len(more) == 0 || reads == maxReads {
			return nil, fmt.Errorf("%s: %w: it does not end", doing, ErrResponse)
		}
		data = append(data, more...)
	}
	return bytes.Clone(data[:size]), nil // without what else is in the file
}

// PINTries asks with GET PIN STATUS (gemSpec_COS 14.6.4). A PIN that is verified has all tries left.
func (h *HealthCard) PINTries(ctx context.Context) (int, error) {
	_, err := h.send(ctx, "tell its PIN status", Command{CLA: 0x80, INS: 0x20, P2: h.layout.pin})
	if err == nil {
		return pinTries, nil
	}
	var refused *StatusError
	if errors.As(err, &refused) {
		if tries, ok := triesIn(refused.SW); ok {
			return tries, nil
		}
		if refused.SW == swBlocked {
			return 0, nil
		}
	}
	return 0, err
}

// VerifyPIN sends VERIFY once (gemSpec_COS 14.6.6). The block with the PIN is wiped afterwards.
func (h *HealthCard) VerifyPIN(ctx context.Context, pin PIN) error {
	block, err := pin.block()
	if err != nil {
		return err
	}
	command := append([]byte{0x00, 0x20, 0x00, h.layout.pin, byte(len(block))}, block[:]...)
	defer clear(command)
	defer clear(block[:])
	_, err = h.exchange(ctx, "take the PIN", command)
	var refused *StatusError
	if errors.As(err, &refused) {
		if tries, ok := triesIn(refused.SW); ok {
			return &PINError{Tries: tries}
		}
		if refused.SW == swBlocked {
			return ErrPINBlocked
		}
	}
	return err
}

// SignDigest selects the key (MSE SET) and lets it sign (PSO COMPUTE DIGITAL SIGNATURE), gemSpec_COS 14.8.2 and 14.9.9.
func (h *HealthCard) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	if len(digest) != crypto256.Size() {
		return nil, fmt.Errorf("sign a digest of %d bytes: only SHA-256 is signed", len(digest))
	}
	if err := h.selectApplication(ctx); err != nil {
		return nil, err
	}
	reference := []byte{0x84, 1, h.layout.key, 0x80, 1, h.layout.algorithm}
	if _, err := h.send(ctx, "select its key", Command{INS: 0x22, P1: 0x41, P2: 0xb6, Data: reference}); err != nil {
		return nil, err
	}
	raw, err := h.send(ctx, "sign", Command{INS: 0x2a, P1: 0x9e, P2: 0x9a, Data: digest, Ne: 256})
	var refused *StatusError
	if errors.As(err, &refused) && refused.SW == swSecurity {
		return nil, ErrPINNeeded
	}
	if err != nil {
		return nil, err
	}
	return joinSignature(raw)
}

// selectApplication comes before each use: another program may have selected something else since.
func (h *HealthCard) selectApplication(ctx context.Context) error {
	_, err := h.send(ctx, "open its signing application", selectApplication(h.layout.application))
	var refused *StatusError
	if errors.As(err, &refused) && refused.SW == swFileNotFound {
		return ErrForeignCard
	}
	return err
}

// selectApplication is SELECT by application identifier, without an answer.
func selectApplication(id []byte) Command { return Command{INS: 0xa4, P1: 0x04, P2: 0x0c, Data: id} }

func (h *HealthCard) send(ctx context.Context, doing string, c Command) ([]byte, error) {
	raw, err := c.Encode()
	if err != nil {
		return nil, err
	}
	return h.exchange(ctx, doing, raw)
}

// exchange sends a command once. A status other than 9000, and 6282 on reading to the end, is a *StatusError.
func (h *HealthCard) exchange(ctx context.Context, doing string, command []byte) ([]byte, error) {
	response, err := h.Transmit(ctx, command)
	if err != nil {
		return nil, fmt.Errorf("ask the card to %s: %w", doing, err)
	}
	data, sw, err := splitResponse(response)
	if err != nil {
		return nil, fmt.Errorf("ask the card to %s: %w", doing, err)
	}
	if sw != swOK && (sw != swEndOfFile || len(data) == 0) {
		return nil, &StatusError{Doing: doing, SW: sw}
	}
	return data, nil
}

// triesIn reads the tries left out of status word 63Cx.
func triesIn(sw uint16) (int, bool) { return int(sw & 0x0f), sw&0xfff0 == swWrongPIN }
