package card

import (
	"context"
	"fmt"
)

// PKCS15Card drives a card whose directory (ISO 7816-15) says where certificate, key and PIN are: UZI cards are such ones.
type PKCS15Card struct {
	*transport
	certificate []byte // path
	key         byte   // reference
	pin         password
}

var _ Card = (*PKCS15Card)(nil)

var applicationPKCS15 = []byte("\xa0\x00\x00\x00\x63PKCS-15")

// pathODF: ISO 7816-15 section 6.4.2, below the application.
var pathODF = []byte{0x50, 0x31}

// openPKCS15 reads the directory and takes the first key that signs, has a certificate and names its PIN.
func openPKCS15(ctx context.Context, t *transport) (Card, error) {
	p := &PKCS15Card{transport: t}
	if err := p.selectApplication(ctx); err != nil {
		return nil, opening(err)
	}
	data, err := p.readDirectory(ctx, pathODF)
	if err != nil {
		return nil, err
	}
	files, err := parseODF(data)
	if err != nil {
		return nil, err
	}
	keys, err := readList(ctx, p, files.privateKeys, parsePrivateKeys)
	if err != nil {
		return nil, err
	}
	certificates, err := readList(ctx, p, files.certificates, parseCertificates)
	if err != nil {
		return nil, err
	}
	passwords, err := readList(ctx, p, files.passwords, parsePasswords)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		certificate, pin := certificates[k.id], passwords[k.authID]
		if certificate != nil && pin.form != 0 {
			p.certificate, p.key, p.pin = certificate, k.reference, pin
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: no EC key with certificate and PIN", ErrLayout)
}

func readList[T any](ctx context.Context, p *PKCS15Card, path []byte, parse func([]byte) (T, error)) (list T, err error) {
	data, err := p.readDirectory(ctx, path)
	if err != nil {
		return list, err
	}
	return parse(data)
}

// Kind is UZI: the layout that other cards have too. What its holder is, the certificate says.
func (p *PKCS15Card) Kind() Kind { return UZI }

// Certificate reads the file that the directory names.
func (p *PKCS15Card) Certificate(ctx context.Context) ([]byte, error) {
	if err := p.selectFile(ctx, p.certificate); err != nil {
		return nil, err
	}
	return p.readCertificate(ctx, Command{})
}

// PINTries asks with VERIFY without data (ISO 7816-4 section 11.5.6).
func (p *PKCS15Card) PINTries(ctx context.Context) (int, error) {
	if err := p.selectApplication(ctx); err != nil {
		return 0, err
	}
	return p.askTries(ctx, Command{INS: insVerify, P2: p.pin.reference})
}

// VerifyPIN sends VERIFY once, with the PIN as the directory wants it.
func (p *PKCS15Card) VerifyPIN(ctx context.Context, pin PIN) error {
	block, err := p.pin.block(pin)
	if err != nil {
		return err
	}
	if err := p.selectApplication(ctx); err != nil {
		clear(block)
		return err
	}
	return p.presentPIN(ctx, p.pin.reference, block)
}

// SignDigest selects the key by its reference and lets it sign.
func (p *PKCS15Card) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	if err := p.selectApplication(ctx); err != nil {
		return nil, err
	}
	return p.computeSignature(ctx, []byte{0x84, 1, p.key}, digest)
}

func (p *PKCS15Card) readDirectory(ctx context.Context, path []byte) ([]byte, error) {
	if err := p.selectFile(ctx, path); err != nil {
		return nil, err
	}
	return p.readBinary(ctx, "read its directory", Command{}, func([]byte) (bool, error) { return false, nil })
}

// selectFile selects a file by its path: from the root (3F00), else from the application, which is selected anew since the last selection
// may have led elsewhere.
func (p *PKCS15Card) selectFile(ctx context.Context, path []byte) error {
	c := Command{INS: 0xa4, P1: 0x09, P2: 0x0c, Data: path}
	switch {
	case len(path) > 2 && path[0] == 0x3f && path[1] == 0x00:
		c.P1, c.Data = 0x08, path[2:]
	default:
		if err := p.selectApplication(ctx); err != nil {
			return err
		}
		if len(path) == 2 {
			c.P1 = 0x02
		}
	}
	_, err := p.send(ctx, "select a file", c)
	return err
}

func (p *PKCS15Card) selectApplication(ctx context.Context) error {
	_, err := p.send(ctx, "open its PKCS #15 application", selectApplication(applicationPKCS15))
	return err
}
