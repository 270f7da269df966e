package card

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// SignCMS signs domain and content with the card, whose PIN was verified before (SignMessage does both), and gives the message with the
// card's certificate. What the card answered is checked before it is given out: a wrong signature is ErrSignature.
func SignCMS(ctx context.Context, c Card, domain string, content []byte, now time.Time) ([]byte, error) {
	der, err := c.Certificate(ctx)
	if err != nil {
		return nil, err
	}
	return signCMS(ctx, c, der, domain, content, now)
}

// SignMessage reads the card's certificate, presents pin once and signs like SignCMS. What could not be signed, for its size or the
// certificate's use, is refused before the PIN is used. The card keeps the PIN verified until it is reset.
func SignMessage(ctx context.Context, c Card, pin PIN, domain string, content []byte, now time.Time) ([]byte, error) {
	der, err := c.Certificate(ctx)
	if err != nil {
		return nil, err
	}
	signer, err := ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if err := signer.canSign(domain, content); err != nil {
		return nil, err
	}
	if err := c.VerifyPIN(ctx, pin); err != nil {
		return nil, err
	}
	return signCMS(ctx, c, der, domain, content, now)
}

// canSign says whether a message of this content can be made with the certificate.
func (c *Certificate) canSign(domain string, content []byte) error {
	if domain == "" {
		return ErrDomain
	}
	if c.isPatient() {
		return ErrPatientCard
	}
	if err := c.checkSigner(); err != nil {
		return err
	}
	if room := c.room(domain); len(content) > room {
		return fmt.Errorf("%w: %d bytes, and this card can sign at most %d: sign a hash of it, or a part", ErrTooLarge, len(content), room)
	}
	return nil
}

// room is how much content fits beside the certificate and what else a message has.
func (c *Certificate) room(domain string) int {
	return maxCMS - cmsAround - len(c.Raw) - len(c.issuerDN) - len(c.serial) - len(domain)
}

func signCMS(ctx context.Context, c Card, certificate []byte, domain string, content []byte, now time.Time) ([]byte, error) {
	signer, err := ParseCertificate(certificate)
	if err != nil {
		return nil, err
	}
	if err := signer.canSign(domain, content); err != nil {
		return nil, err
	}
	m := message{content: append([]byte(domain), content...), signer: signer}
	sum := sha256.Sum256(m.content)
	if m.attributes, err = encodeAttributes(sum[:], now); err != nil {
		return nil, err
	}
	set, err := asSet(m.attributes)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(set)
	if m.signature, err = c.SignDigest(ctx, digest[:]); err != nil {
		return nil, err
	}
	if !signer.key.verify(digest[:], m.signature) {
		return nil, fmt.Errorf("%w: the card's key is not that of its certificate", ErrSignature)
	}
	data, err := m.encode()
	if err != nil {
		return nil, err
	}
	if _, err := ParseCMS(data, domain); err != nil {
		return nil, fmt.Errorf("check what was signed: %w", err)
	}
	return data, nil
}

// message is a CMS message to be written.
type message struct {
	content    []byte
	signer     *Certificate
	attributes []byte // contents of the SET OF
	signature  []byte
}

// encodeAttributes writes the three signed attributes in DER order.
func encodeAttributes(digest []byte, signed time.Time) ([]byte, error) {
	var b cryptobyte.Builder
	addAttribute(&b, oidContentType, func(b *cryptobyte.Builder) { addOID(b, oidData) })
	addAttribute(&b, oidSigningTime, func(b *cryptobyte.Builder) { addTime(b, signed) })
	addAttribute(&b, oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) })
	return b.Bytes()
}

func addAttribute(b *cryptobyte.Builder, oid string, value cryptobyte.BuilderContinuation) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, oid)
		b.AddASN1(asn1.SET, value)
	})
}

func (m *message) encode() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, oidSignedData)
		b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, m.addSignedData)
		})
	})
	return b.Bytes()
}

func (m *message) addSignedData(b *cryptobyte.Builder) {
	b.AddASN1Int64(1)
	b.AddASN1(asn1.SET, addSHA256)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, oidData)
		b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(m.content) })
	})
	b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddBytes(m.signer.Raw) })
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, m.addSignerInfo)
	})
}

func (m *message) addSignerInfo(b *cryptobyte.Builder) {
	b.AddASN1Int64(1)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes([]byte(m.signer.issuerDN))
		b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(m.signer.serial)) })
	})
	addSHA256(b)
	b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddBytes(m.attributes) })
	b.AddBytes(ecdsaSHA256)
	b.AddASN1OctetString(m.signature)
}

func addSHA256(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addOID(b, oidSHA256) })
}
