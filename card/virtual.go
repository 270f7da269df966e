package card

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/subtle"
	"fmt"
	"sync"
)

// Virtual is a card in process: a Channel that answers APDUs as an HBA or SMC-B does. It is safe for concurrent use; the
// commands of two users would still mix, as on a real card.
type Virtual struct {
	layout layout
	file   []byte // EF.C.HP.AUT.E256 or EF.C.HCI.AUT.E256
	key    *ecdsa.PrivateKey
	pin    pinBlock

	mu    sync.Mutex
	tries int // survives a reset
	state cardState
}

var _ Channel = (*Virtual)(nil)

// cardState is what a card forgets when it is reset.
type cardState struct {
	inApplication bool // DF.ESIGN is selected
	fileSelected  bool // by short file identifier
	keySelected   bool
	pinVerified   bool
}

// NewVirtual makes a card with keys from seed and a certificate by ca: the same for the same arguments.
func NewVirtual(ca *TestCA, holder Holder, seed [32]byte) (*Virtual, error) {
	h := holder.withDefaults()
	if err := h.check(); err != nil {
		return nil, err
	}
	key, err := keyFromSeed(seed, "pieks/virtual-card/1")
	if err != nil {
		return nil, err
	}
	d, err := h.certificate(uncompressed(key))
	if err != nil {
		return nil, err
	}
	der, err := ca.issue(d)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHolder, err)
	}
	v := &Virtual{file: der, key: key, tries: pinTries}
	if v.pin, err = h.PIN.block(); err != nil {
		return nil, err
	}
	for _, l := range layouts {
		if l.kind == h.Kind {
			v.layout = l
		}
	}
	return v, nil
}

// Reset is what happens when the card loses power: PIN and selections are forgotten, tries are not.
func (v *Virtual) Reset() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.state = cardState{}
}

// Transmit answers one command APDU.
func (v *Virtual) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := ParseCommand(command)
	if err != nil {
		return answer(nil, swLength), nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return answer(v.state.respond(v, c)), nil
}

// instruction is a class and an instruction byte.
type instruction struct{ cla, ins byte }

var instructions = map[instruction]func(*cardState, *Virtual, Command) ([]byte, uint16){
	{0x00, 0xa4}: (*cardState).selectFile,
	{0x00, 0xb0}: (*cardState).readBinary,
	{0x00, 0x20}: (*cardState).verify,
	{0x80, 0x20}: (*cardState).pinStatus,
	{0x00, 0x22}: (*cardState).selectKey,
	{0x00, 0x2a}: (*cardState).sign,
}

func (s *cardState) respond(v *Virtual, c Command) ([]byte, uint16) {
	do, known := instructions[instruction{c.CLA, c.INS}]
	if !known {
		if c.CLA != 0x00 && c.CLA != 0x80 {
			return nil, swClass
		}
		return nil, swInstruction
	}
	return do(s, v, c)
}

// selectFile is SELECT by application identifier, or of the root without one. It forgets the key that was selected.
func (s *cardState) selectFile(v *Virtual, c Command) ([]byte, uint16) {
	if c.P1 != 0x04 || c.P2 != 0x0c {
		return nil, swWrongP1P2
	}
	application := bytes.Equal(c.Data, v.layout.application)
	if !application && len(c.Data) > 0 && !bytes.Equal(c.Data, v.layout.root) {
		return nil, swFileNotFound
	}
	s.inApplication, s.fileSelected, s.keySelected = application, false, false
	return nil, swOK
}

// readBinary reads the certificate: P1 with the high bit selects by short file identifier, P2 is the offset then.
func (s *cardState) readBinary(v *Virtual, c Command) ([]byte, uint16) {
	offset := int(c.P1)<<8 | int(c.P2)
	if c.P1&0x80 != 0 {
		if !s.inApplication || c.P1&0x1f != v.layout.certificate {
			return nil, swFileNotFound
		}
		s.fileSelected = true
		offset = int(c.P2)
	}
	switch {
	case !s.fileSelected:
		return nil, swFileNotFound
	case c.Ne == 0 || len(c.Data) > 0:
		return nil, swLength
	case offset >= len(v.file):
		return nil, swOffset
	case len(v.file)-offset < c.Ne:
		return v.file[offset:], swEndOfFile
	}
	return v.file[offset : offset+c.Ne], swOK
}

// verify is VERIFY with a format 2 block. A block of another shape costs no try.
func (s *cardState) verify(v *Virtual, c Command) ([]byte, uint16) {
	switch {
	case c.P1 != 0 || c.P2 != v.layout.pin:
		return nil, swKeyNotFound
	case len(c.Data) != len(v.pin):
		return nil, swLength
	case v.tries == 0:
		return nil, swBlocked
	case !isPINBlock(c.Data):
		return nil, swWrongData
	}
	if subtle.ConstantTimeCompare(c.Data, v.pin[:]) != 1 {
		v.tries--
		s.pinVerified = false
		return nil, swWrongPIN | uint16(v.tries)
	}
	v.tries = pinTries
	s.pinVerified = true
	return nil, swOK
}

func (s *cardState) pinStatus(v *Virtual, c Command) ([]byte, uint16) {
	switch {
	case c.P1 != 0 || c.P2 != v.layout.pin:
		return nil, swKeyNotFound
	case s.pinVerified:
		return nil, swOK
	}
	return nil, swWrongPIN | uint16(v.tries)
}

// selectKey is MANAGE SECURITY ENVIRONMENT, SET for digital signature.
func (s *cardState) selectKey(v *Virtual, c Command) ([]byte, uint16) {
	if c.P1 != 0x41 || c.P2 != 0xb6 {
		return nil, swWrongP1P2
	}
	want := []byte{0x84, 1, v.layout.key, 0x80, 1, v.layout.algorithm}
	if !s.inApplication || !bytes.Equal(c.Data, want) {
		s.keySelected = false
		return nil, swKeyNotFound
	}
	s.keySelected = true
	return nil, swOK
}

// sign is PSO COMPUTE DIGITAL SIGNATURE over a digest; the answer is r and s, 32 bytes each.
func (s *cardState) sign(v *Virtual, c Command) ([]byte, uint16) {
	switch {
	case c.P1 != 0x9e || c.P2 != 0x9a:
		return nil, swWrongP1P2
	case !s.keySelected:
		return nil, swNoKeySelected
	case !s.pinVerified:
		return nil, swSecurity
	case len(c.Data) != crypto256.Size():
		return nil, swWrongData
	case c.Ne < 64:
		return nil, swLength
	}
	der, err := v.key.Sign(nil, c.Data, crypto256)
	if err != nil {
		return nil, swInternalFailed
	}
	raw, err := splitSignature(der, 32)
	if err != nil {
		return nil, swInternalFailed
	}
	return raw, swOK
}
