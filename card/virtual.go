package card

import (
	"context"
	"crypto/ecdsa"
	"crypto/subtle"
	"fmt"
	"sync"
)

// Virtual is a card in process: a Channel that answers APDUs as a card of its kind does. It is safe for concurrent use; the
// commands of two users would still mix, as on a real card. It is for tests and demonstrations: its key is no secret.
type Virtual struct {
	applet applet
	atr    []byte
	limits ATR    // what the answer to reset promises
	file   []byte // the certificate
	key    *ecdsa.PrivateKey
	pin    []byte // as VERIFY has to present it

	mu    sync.Mutex
	tries int // survives a reset
	state cardState
}

// applet is what the kind of a card decides: files, keys, and how they are asked for.
type applet interface {
	// respond answers one whole command. What is longer than c.Ne is kept for GET RESPONSE.
	respond(v *Virtual, c Command) (data []byte, sw uint16)
}

// cardState is what a card forgets when it is reset.
type cardState struct {
	application  string // name of what is selected, "" the root
	file         []byte // selected file, nil: none
	keySelected  bool
	authSelected bool // the key of an eGK for INTERNAL AUTHENTICATE
	pinVerified  bool
	chained      Command // what came of a command that is sent in parts
	pending      []byte  // what is left of an answer
}

// NewVirtual makes a card with keys from seed and a certificate by ca: the same for the same arguments.
func NewVirtual(ca *TestCA, holder Holder, seed [32]byte) (*Virtual, error) {
	h := holder.withDefaults()
	key, der, err := ca.certify(h, seed)
	if err != nil {
		return nil, err
	}
	v := &Virtual{file: der, key: key, tries: pinTries}
	switch h.Kind {
	case EGK:
		err = v.becomeEGK(ca, h, seed)
	case PIV:
		err = v.becomePIV(h)
	case UZI:
		err = v.becomePKCS15(h)
	default:
		err = v.becomeHealth(h)
	}
	if err == nil {
		v.limits, err = ParseATR(v.atr)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHolder, err)
	}
	return v, nil
}

// certify derives the key of a card's holder and issues the certificate.
func (ca *TestCA) certify(h Holder, seed [32]byte) (*ecdsa.PrivateKey, []byte, error) {
	if err := h.check(); err != nil {
		return nil, nil, err
	}
	key, err := keyFor(h.Curve, seed, "pieks/virtual-card/1")
	if err != nil {
		return nil, nil, err
	}
	d, err := h.certificate(key)
	if err != nil {
		return nil, nil, err
	}
	der, err := ca.issue(d)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrHolder, err)
	}
	return key, der, nil
}

// ATR is the card's answer to reset.
func (v *Virtual) ATR() []byte { return append([]byte(nil), v.atr...) }

// Certificate is the certificate that the card gives, DER: for who wants to revoke it.
func (v *Virtual) Certificate() []byte { return append([]byte(nil), v.file...) }

// Reset is what happens when the card loses power: PIN and selections are forgotten, tries are not.
func (v *Virtual) Reset() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.state = cardState{}
}

// Transmit answers one command APDU. Extended length and chaining work if the answer to reset says so.
func (v *Virtual) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := ParseCommand(command)
	if err != nil || (!v.limits.Extended && isExtended(command)) {
		return answer(nil, swLength), nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if isChained(c) && !v.limits.Chaining {
		return answer(nil, swClass), nil
	}
	c, sw := v.state.assemble(c)
	if sw != 0 {
		return answer(nil, sw), nil
	}
	if c.INS == insGetResponse && c.CLA == 0 {
		return v.state.portion(c.Ne, swOK), nil
	}
	v.state.pending, sw = v.applet.respond(v, c)
	return v.state.portion(c.Ne, sw), nil
}

// isExtended says whether a command that parses has extended length fields.
func isExtended(command []byte) bool { return len(command) > 5 && command[4] == 0 }

// isChained says whether more of the command follows. Other classes than the interindustry ones have no such bit (ISO 7816-4 section 5.4.1).
func isChained(c Command) bool { return c.CLA>>4 == claChained>>4 }

// assemble puts a chained command together. A status word other than 0 answers the command already.
func (s *cardState) assemble(c Command) (whole Command, sw uint16) {
	more := isChained(c)
	if more {
		c.CLA &^= claChained
	}
	before := s.chained
	s.chained = Command{}
	if len(before.Data) > 0 {
		if before.CLA != c.CLA || before.INS != c.INS || before.P1 != c.P1 || before.P2 != c.P2 {
			return c, swChain
		}
		c.Data = append(before.Data, c.Data...)
	}
	if len(c.Data) > maxFile {
		return c, swLength
	}
	if more {
		s.chained = c
		s.chained.Data = append([]byte(nil), c.Data...) // the caller wipes what it sent
		return c, swOK
	}
	return c, 0
}

// portion gives at most n bytes of what is pending, and says how many are left.
func (s *cardState) portion(n int, sw uint16) []byte {
	n = min(n, len(s.pending))
	data := s.pending[:n]
	s.pending = s.pending[n:]
	if left := len(s.pending); left > 0 {
		sw = swMore | uint16(left&0xff)
		if left > 0xff {
			sw = swMore // 256 or more
		}
	}
	return answer(data, sw)
}

// read is READ BINARY from the selected file, which ends with 6282.
func (s *cardState) read(offset, wanted int) ([]byte, uint16) {
	switch {
	case s.file == nil:
		return nil, swFileNotFound
	case wanted == 0:
		return nil, swLength
	case offset >= len(s.file):
		return nil, swOffset
	case len(s.file)-offset < wanted:
		return s.file[offset:], swEndOfFile
	}
	return s.file[offset : offset+wanted], swOK
}

// present compares a PIN of the right shape with the card's.
func (v *Virtual) present(data []byte) uint16 {
	switch {
	case v.tries == 0:
		return swBlocked
	case subtle.ConstantTimeCompare(data, v.pin) != 1:
		v.tries--
		v.state.pinVerified = false
		return swWrongPIN | uint16(v.tries)
	}
	v.tries = pinTries
	v.state.pinVerified = true
	return swOK
}

// status answers what asks for the tries left.
func (v *Virtual) status(blocked uint16) uint16 {
	switch {
	case v.state.pinVerified:
		return swOK
	case v.tries == 0:
		return blocked
	}
	return swWrongPIN | uint16(v.tries)
}

// sign is PSO COMPUTE DIGITAL SIGNATURE over a digest; the answer is r and s, 32 bytes each.
func (v *Virtual) sign(c Command) ([]byte, uint16) {
	switch {
	case c.P1 != 0x9e || c.P2 != 0x9a:
		return nil, swWrongP1P2
	case !v.state.keySelected:
		return nil, swNoKeySelected
	case !v.state.pinVerified:
		return nil, swSecurity
	case len(c.Data) != crypto256.Size():
		return nil, swWrongData
	case c.Ne < 64:
		return nil, swLength
	}
	der, err := signerOf(v.key)(c.Data)
	if err != nil {
		return nil, swInternalFailed
	}
	raw, err := splitSignature(der, 32)
	if err != nil {
		return nil, swInternalFailed
	}
	return raw, swOK
}
