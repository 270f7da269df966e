package pace

import (
	"crypto/cipher"
	"fmt"

	"pieks/card"
)

// claSecured are the bits of CLA that say: secure messaging, header included in the MAC (ISO 7816-4 section 5.4.1).
const claSecured = 0x0c

// withPadding is the padding indicator of a cryptogram: ISO/IEC 9797-1 method 2.
const withPadding = 0x01

// session is the state of secure messaging at one end.
type session struct {
	encryption cipher.Block
	mac        *cmac
	counter    [block]byte
}

func newSession(k keys) *session {
	return &session{encryption: newAES(k.encryption), mac: newCMAC(k.mac)}
}

// step counts, before each command and each answer.
func (s *session) step() {
	for i := block - 1; i >= 0; i-- {
		if s.counter[i]++; s.counter[i] != 0 {
			return
		}
	}
}

// wrapCommand secures a plain command.
func (s *session) wrapCommand(c card.Command) ([]byte, error) {
	if err := securable(c); err != nil {
		return nil, err
	}
	s.step()
	c.CLA |= claSecured
	var body []byte
	if len(c.Data) > 0 {
		body = appendObject(body, tagCryptogram, s.encrypt(c.Data))
	}
	switch {
	case c.Ne > shortAnswer:
		body = appendObject(body, tagLe, []byte{byte(c.Ne >> 8), byte(c.Ne)}) // 65,536 is 0000
	case c.Ne > 0:
		body = appendObject(body, tagLe, []byte{byte(c.Ne)}) // 256 is 00
	}
	mac := s.commandMAC(c, body)
	c.Data = appendObject(body, tagMAC, mac[:])
	wanted := c.Ne
	if c.Ne = shortAnswer; padded(wanted)+aroundAnswer > shortAnswer || len(c.Data) > 255 {
		c.Ne = longAnswer
	}
	return c.Encode()
}

// securable refuses what has no form here; so that what is refused does not count.
func securable(c card.Command) error {
	const interindustry, proprietary = 0x00, 0x80
	switch {
	case c.CLA&^claChained != interindustry && c.CLA&^claChained != proprietary:
		return fmt.Errorf("%w: class %02X cannot be secured", card.ErrCommand, c.CLA)
	case c.INS&1 != 0:
		return fmt.Errorf("%w: an odd instruction cannot be secured", card.ErrCommand)
	case len(c.Data) > maxSecured:
		return fmt.Errorf("%w: %d bytes of data", card.ErrCommand, len(c.Data))
	}
	return nil
}

// unwrapCommand checks and opens a secured command.
func (s *session) unwrapCommand(raw []byte) (card.Command, error) {
	c, err := card.ParseCommand(raw)
	if err != nil {
		return card.Command{}, err
	}
	s.step()
	rest := objects(c.Data)
	_, cryptogram, err := rest.next(tagCryptogram)
	if err != nil {
		return card.Command{}, err
	}
	_, le, err := rest.next(tagLe)
	if err != nil {
		return card.Command{}, err
	}
	body := c.Data[:len(c.Data)-len(rest)]
	if err := checkMAC(rest, s.commandMAC(c, body)); err != nil {
		return card.Command{}, err
	}
	c.CLA &^= claSecured
	c.Data, c.Ne = nil, 0
	if cryptogram != nil {
		if c.Data, err = s.decrypt(cryptogram); err != nil {
			return card.Command{}, err
		}
	}
	if le != nil {
		if c.Ne, err = readLe(le); err != nil {
			return card.Command{}, err
		}
	}
	return c, nil
}

func readLe(field []byte) (int, error) {
	switch len(field) {
	case 1:
		return orMost(int(field[0]), shortAnswer), nil
	case 2:
		return orMost(int(field[0])<<8|int(field[1]), longAnswer), nil
	}
	return 0, fmt.Errorf("%w: Le", errObjects)
}

// orMost: zero means the most (ISO 7816-3 section 12.1.3).
func orMost(n, most int) int {
	if n == 0 {
		return most
	}
	return n
}

// wrapResponse secures a plain answer, at most maxSecured bytes of data.
func (s *session) wrapResponse(data []byte, sw uint16) []byte {
	s.step()
	var body []byte
	if len(data) > 0 {
		body = appendObject(body, tagCryptogram, s.encrypt(data))
	}
	body = appendObject(body, tagStatus, []byte{byte(sw >> 8), byte(sw)})
	mac := s.mac.sum(s.counter[:], pad(body))
	return answer(appendObject(body, tagMAC, mac[:]), sw)
}

// unwrapResponse checks and opens a secured answer, and gives the plain one.
func (s *session) unwrapResponse(raw []byte) ([]byte, error) {
	s.step()
	body, sw, err := split(raw)
	if err != nil {
		return nil, err
	}
	rest := objects(body)
	tag, value, err := rest.next(tagCryptogram, tagPlain)
	if err != nil {
		return nil, err
	}
	_, status, err := rest.next(tagStatus)
	switch {
	case err != nil:
		return nil, err
	case len(status) != 2:
		return nil, fmt.Errorf("%w: status word alone, or none among them", errObjects)
	}
	if err := checkMAC(rest, s.mac.sum(s.counter[:], pad(body[:len(body)-len(rest)]))); err != nil {
		return nil, err
	}
	if sw != uint16(status[0])<<8|uint16(status[1]) {
		return nil, fmt.Errorf("%w: two status words", errObjects)
	}
	if tag == tagCryptogram {
		if value, err = s.decrypt(value); err != nil {
			return nil, err
		}
	}
	return answer(value, sw), nil
}

// checkMAC wants the MAC as the only object that is left.
func checkMAC(rest objects, wanted [macSize]byte) error {
	_, mac, err := rest.next(tagMAC)
	if err != nil {
		return err
	}
	if len(rest) != 0 || !good(wanted, mac) {
		return fmt.Errorf("%w: MAC", errObjects)
	}
	return nil
}

func (s *session) commandMAC(c card.Command, body []byte) [macSize]byte {
	header := pad([]byte{c.CLA, c.INS, c.P1, c.P2})
	if len(body) == 0 {
		return s.mac.sum(s.counter[:], header)
	}
	return s.mac.sum(s.counter[:], header, pad(body))
}

// encrypt gives the value of a cryptogram.
func (s *session) encrypt(data []byte) []byte {
	out := append(make([]byte, 0, 1+padded(len(data))), withPadding)
	out = append(out, pad(data)...)
	cipher.NewCBCEncrypter(s.encryption, s.vector()).CryptBlocks(out[1:], out[1:])
	return out
}

func (s *session) decrypt(value []byte) ([]byte, error) {
	if len(value) < 1+block || (len(value)-1)%block != 0 || value[0] != withPadding {
		return nil, fmt.Errorf("%w: cryptogram of %d bytes", errObjects, len(value))
	}
	data := make([]byte, len(value)-1)
	cipher.NewCBCDecrypter(s.encryption, s.vector()).CryptBlocks(data, value[1:])
	return unpad(data)
}

// vector is the initial one of the counter.
func (s *session) vector() []byte {
	var iv [block]byte
	s.encryption.Encrypt(iv[:], s.counter[:])
	return iv[:]
}

// pad is ISO/IEC 9797-1 method 2, unpad the reverse.
func pad(data []byte) []byte {
	out := make([]byte, padded(len(data)))
	out[copy(out, data)] = 0x80
	return out
}

func padded(n int) int { return n + block - n%block }

func unpad(data []byte) ([]byte, error) {
	for end := len(data) - 1; end >= len(data)-block; end-- {
		switch data[end] {
		case 0x80:
			return data[:end], nil
		case 0:
		default:
			return nil, fmt.Errorf("%w: padding", errObjects)
		}
	}
	return nil, fmt.Errorf("%w: padding", errObjects)
}
