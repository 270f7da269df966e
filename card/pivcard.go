package card

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// PIVCard drives a card with the PIV application (NIST SP 800-73-4 part 2): certificate and key 9A, for authentication.
type PIVCard struct{ *transport }

var _ Card = (*PIVCard)(nil)

var (
	applicationPIV = []byte("\xa0\x00\x00\x03\x08\x00\x00\x10\x00\x01\x00")
	pivCertificate = []byte("\x5c\x03\x5f\xc1\x05") // X.509 certificate for PIV authentication (9A), SP 800-73-4 part 1 table 3
)

const (
	pivPIN       = 0x80 // reference of the application's PIN
	pivKey       = 0x9a
	pivAlgorithm = 0x11 // ECC P-256, SP 800-78-4 table 6-2
)

func openPIV(ctx context.Context, t *transport) (Card, error) {
	p := &PIVCard{t}
	if err := p.selectApplication(ctx); err != nil {
		return nil, opening(err)
	}
	return p, nil
}

// Kind is PIV.
func (p *PIVCard) Kind() Kind { return PIV }

// Certificate reads data object 5FC105.
func (p *PIVCard) Certificate(ctx context.Context) ([]byte, error) {
	if err := p.selectApplication(ctx); err != nil {
		return nil, err
	}
	const doing = "read its certificate"
	data, err := p.send(ctx, doing, Command{INS: 0xcb, P1: 0x3f, P2: 0xff, Data: pivCertificate, Ne: maxAnswer})
	if err != nil {
		return nil, err
	}
	certificate, err := parsePIVObject(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return certificate, nil
}

// Tags of SP 800-73-4 part 1 appendix A, table 10.
const (
	pivObject   = asn1.Tag(0x53)
	pivDER      = asn1.Tag(0x70)
	pivInfo     = asn1.Tag(0x71) // one byte: 0, the certificate is not compressed
	pivChecksum = asn1.Tag(0xfe) // empty
)

// parsePIVObject takes the certificate out of its data object.
func parsePIVObject(data cryptobyte.String) ([]byte, error) {
	var object, certificate, info cryptobyte.String
	var hasInfo bool
	if !data.ReadASN1(&object, pivObject) || !data.Empty() || !object.ReadASN1(&certificate, pivDER) ||
		!object.ReadOptionalASN1(&info, &hasInfo, pivInfo) || !object.SkipOptionalASN1(pivChecksum) || !object.Empty() {
		return nil, fmt.Errorf("%w: certificate object", ErrResponse)
	}
	if hasInfo && !bytes.Equal(info, []byte{0}) {
		return nil, fmt.Errorf("%w: the certificate is compressed", ErrLayout)
	}
	if len(certificate) > maxCertificate {
		return nil, fmt.Errorf("%w: certificate of %d bytes", ErrResponse, len(certificate))
	}
	return bytes.Clone(certificate), nil
}

// PINTries asks with VERIFY without data (SP 800-73-4 part 2 section 3.2.1).
func (p *PIVCard) PINTries(ctx context.Context) (int, error) {
	if err := p.selectApplication(ctx); err != nil {
		return 0, err
	}
	return p.askTries(ctx, Command{INS: insVerify, P2: pivPIN})
}

// VerifyPIN sends VERIFY once.
func (p *PIVCard) VerifyPIN(ctx context.Context, pin PIN) error {
	padded, err := pin.padded(maxPIN, 0xff)
	if err != nil {
		return err
	}
	if err := p.selectApplication(ctx); err != nil {
		clear(padded)
		return err
	}
	return p.presentPIN(ctx, pivPIN, padded)
}

// SignDigest is GENERAL AUTHENTICATE (SP 800-73-4 part 2 section 3.2.4), whose answer is an ECDSA-Sig-Value already.
// To select the application again leaves its PIN verified (section 3.1.1).
func (p *PIVCard) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	if err := checkDigest(digest); err != nil {
		return nil, err
	}
	if err := p.selectApplication(ctx); err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(pivTemplate, func(b *cryptobyte.Builder) {
		b.AddASN1(pivResponse, func(*cryptobyte.Builder) {}) // wanted
		b.AddASN1(pivChallenge, func(b *cryptobyte.Builder) { b.AddBytes(digest) })
	})
	data, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	answer, err := p.send(ctx, "sign", Command{INS: 0x87, P1: pivAlgorithm, P2: pivKey, Data: data, Ne: 256})
	if err != nil {
		return nil, needsPIN(err)
	}
	in, template, signature := cryptobyte.String(answer), cryptobyte.String(nil), cryptobyte.String(nil)
	if !in.ReadASN1(&template, pivTemplate) || !in.Empty() || !template.ReadASN1(&signature, pivResponse) || !template.Empty() {
		return nil, fmt.Errorf("%w: signature", ErrResponse)
	}
	if _, _, ok := readSignature(signature); !ok {
		return nil, fmt.Errorf("%w: signature of %d bytes", ErrResponse, len(signature))
	}
	return bytes.Clone(signature), nil
}

// Tags of the dynamic authentication template, SP 800-73-4 part 2 table 7.
const (
	pivTemplate  = asn1.Tag(0x7c)
	pivChallenge = asn1.Tag(0x81)
	pivResponse  = asn1.Tag(0x82)
)

// selectApplication is SELECT with an answer, as SP 800-73-4 part 2 section 3.1.1 has it; the answer tells nothing that is needed.
func (p *PIVCard) selectApplication(ctx context.Context) error {
	_, err := p.send(ctx, "open its PIV application", Command{INS: 0xa4, P1: 0x04, Data: applicationPIV, Ne: 256})
	return err
}
