package card

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// pivApplet is a card with the PIV application and nothing else. Its answers are longer than a short command fetches, so that they come in
// parts (61xx), and it takes no extended length.
type pivApplet struct{}

const (
	dirPIV        = "PIV"
	pivATR        = 0x80 // capabilities: chaining
	pivPrefix     = 9    // shortest right-truncated identifier that is taken: without the version
	pivLongestPIN = 8
)

func (v *Virtual) becomePIV(h Holder) (err error) {
	v.applet, v.atr = pivApplet{}, contactATR(pivATR)
	v.pin, err = h.PIN.padded(pivLongestPIN, 0xff)
	return err
}

func (a pivApplet) respond(v *Virtual, c Command) ([]byte, uint16) {
	switch {
	case c.CLA != 0:
		return nil, swClass
	case c.INS == 0xa4:
		return a.selectApplication(v, c)
	case v.state.application != dirPIV:
		return nil, swInstruction
	case c.INS == 0xcb:
		return a.getData(v, c)
	case c.INS == insVerify:
		return nil, a.verify(v, c)
	case c.INS == 0x87:
		return a.authenticate(v, c)
	}
	return nil, swInstruction
}

// selectApplication leaves the PIN verified when the application was selected already (SP 800-73-4 part 2 section 3.1.1).
func (pivApplet) selectApplication(v *Virtual, c Command) ([]byte, uint16) {
	if c.P1 != 0x04 || c.P2 != 0x00 {
		return nil, swWrongP1P2
	}
	if len(c.Data) < pivPrefix || !bytes.HasPrefix(applicationPIV, c.Data) {
		return nil, swFileNotFound
	}
	v.state.application = dirPIV
	return []byte("\x61\x11\x4f\x06\x00\x00\x10\x00\x01\x00\x79\x07\x4f\x05\xa0\x00\x00\x03\x08"), swOK
}

// getData knows one object, the certificate.
func (pivApplet) getData(v *Virtual, c Command) ([]byte, uint16) {
	if c.P1 != 0x3f || c.P2 != 0xff {
		return nil, swWrongP1P2
	}
	if !bytes.Equal(c.Data, pivCertificate) {
		return nil, swFileNotFound
	}
	var b cryptobyte.Builder
	b.AddASN1(pivObject, func(b *cryptobyte.Builder) {
		b.AddASN1(pivDER, func(b *cryptobyte.Builder) { b.AddBytes(v.file) })
		b.AddASN1(pivInfo, func(b *cryptobyte.Builder) { b.AddUint8(0) })
		b.AddASN1(pivChecksum, func(*cryptobyte.Builder) {})
	})
	object, err := b.Bytes()
	if err != nil {
		return nil, swInternalFailed
	}
	return object, swOK
}

func (pivApplet) verify(v *Virtual, c Command) uint16 {
	switch {
	case c.P1 != 0 || c.P2 != pivPIN:
		return swKeyNotFound
	case len(c.Data) == 0:
		return v.status(swBlocked)
	case v.tries == 0:
		return swBlocked
	case len(c.Data) != pivLongestPIN || !isPaddedPIN(c.Data):
		return swWrongData
	}
	return v.present(c.Data)
}

// isPaddedPIN says whether data is six to eight digits and FF to the end.
func isPaddedPIN(data []byte) bool {
	pin := bytes.TrimRight(data, "\xff")
	return len(pin) >= minPIN && digits(string(pin), len(pin))
}

// authenticate is GENERAL AUTHENTICATE as a signature: the answer is an ECDSA-Sig-Value.
func (pivApplet) authenticate(v *Virtual, c Command) ([]byte, uint16) {
	if c.P1 != pivAlgorithm || c.P2 != pivKey {
		return nil, swWrongP1P2
	}
	in, template, wanted, digest := cryptobyte.String(c.Data), cryptobyte.String(nil), cryptobyte.String(nil), cryptobyte.String(nil)
	if !in.ReadASN1(&template, pivTemplate) || !in.Empty() || !template.ReadASN1(&wanted, pivResponse) || !wanted.Empty() ||
		!template.ReadASN1(&digest, pivChallenge) || !template.Empty() || len(digest) != crypto256.Size() {
		return nil, swWrongData
	}
	if !v.state.pinVerified {
		return nil, swSecurity
	}
	signature, err := signerOf(v.key)(digest)
	if err != nil {
		return nil, swInternalFailed
	}
	var b cryptobyte.Builder
	b.AddASN1(pivTemplate, func(b *cryptobyte.Builder) {
		b.AddASN1(pivResponse, func(b *cryptobyte.Builder) { b.AddBytes(signature) })
	})
	data, err := b.Bytes()
	if err != nil {
		return nil, swInternalFailed
	}
	return data, swOK
}
