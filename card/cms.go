package card

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Signed is a CMS message (RFC 5652) that keeps to the strict profile, see the package documentation.
// Its content matches the signed attributes; whether the signature is right, and whose, is what Verify finds out.
type Signed struct {
	Content     []byte       // what was signed, after the domain string
	SigningTime time.Time    // as the signer claims
	Signer      *Certificate // the certificate that the message names as its signer's

	attributes []byte   // signed attributes as they are signed: SET OF
	signature  []byte   // ECDSA-Sig-Value
	others     [][]byte // the other certificates, unread
}

// ParseCMS reads a message whose content begins with domain. Each rule of the profile has its own error.
// domain must not be empty: it is the second guard against content that is made of another message's attributes.
func ParseCMS(data []byte, domain string) (*Signed, error) {
	s, err := parseMessage(data)
	if err != nil {
		return nil, err
	}
	if domain == "" || !bytes.HasPrefix(s.Content, []byte(domain)) {
		return nil, ErrDomain
	}
	s.Content = s.Content[len(domain):]
	return s, nil
}

// parseMessage reads a message of any domain, which stays in its content.
func parseMessage(data []byte) (*Signed, error) {
	if len(data) > maxCMS {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(data), maxCMS)
	}
	if err := checkDER(data); err != nil {
		return nil, err
	}
	body, err := openContentInfo(data)
	if err != nil {
		return nil, err
	}
	content, err := readHead(&body)
	if err != nil {
		return nil, err
	}
	certificates, err := readCertificates(&body)
	if err != nil {
		return nil, err
	}
	info, err := readOnlySigner(&body)
	if err != nil {
		return nil, err
	}
	s, err := readSigner(info, certificates)
	if err != nil {
		return nil, err
	}
	digest, err := s.readAttributes()
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(content); !bytes.Equal(digest, sum[:]) {
		return nil, ErrMessageDigest
	}
	s.Content = content
	return s, nil
}

// openContentInfo reads ContentInfo and gives the contents of SignedData.
func openContentInfo(data []byte) (body cryptobyte.String, err error) {
	in := cryptobyte.String(data)
	var outer, explicit cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) {
		return nil, ErrMalformed
	}
	kind, ok := readOID(&outer)
	if !ok {
		return nil, ErrMalformed
	}
	if kind != oidSignedData {
		return nil, ErrNotSignedData
	}
	if !outer.ReadASN1(&explicit, tagged(0)) || !outer.Empty() ||
		!explicit.ReadASN1(&body, asn1.SEQUENCE) || !explicit.Empty() {
		return nil, ErrMalformed
	}
	return body, nil
}

// readHead reads version, digestAlgorithms and encapContentInfo.
func readHead(body *cryptobyte.String) (content []byte, err error) {
	var algorithms, algorithm, encap, explicit, octets cryptobyte.String
	var version int
	if !body.ReadASN1Integer(&version) {
		return nil, ErrMalformed
	}
	if version != 1 {
		return nil, fmt.Errorf("%w: %d", ErrVersion, version)
	}
	if !body.ReadASN1(&algorithms, asn1.SET) {
		return nil, ErrMalformed
	}
	if !algorithms.ReadASN1(&algorithm, asn1.SEQUENCE) || !isSHA256(algorithm) || !algorithms.Empty() {
		return nil, ErrDigestAlgorithm
	}
	if !body.ReadASN1(&encap, asn1.SEQUENCE) {
		return nil, ErrMalformed
	}
	if kind, ok := readOID(&encap); !ok || kind != oidData {
		return nil, fmt.Errorf("%w: other type", ErrContent)
	}
	if encap.Empty() {
		return nil, fmt.Errorf("%w: detached", ErrContent)
	}
	if !encap.ReadASN1(&explicit, tagged(0)) || !encap.Empty() ||
		!explicit.ReadASN1(&octets, asn1.OCTET_STRING) || !explicit.Empty() {
		return nil, ErrContent
	}
	return octets, nil
}

// isSHA256 reads an AlgorithmIdentifier of SHA-256, with parameters absent as RFC 5754 section 2 wants them made.
func isSHA256(algorithm cryptobyte.String) bool {
	kind, ok := readOID(&algorithm)
	return ok && kind == oidSHA256 && algorithm.Empty()
}

// readCertificates reads the certificates and refuses revocation lists.
func readCertificates(body *cryptobyte.String) ([][]byte, error) {
	var set cryptobyte.String
	var present bool
	if !body.ReadOptionalASN1(&set, &present, tagged(0)) {
		return nil, ErrMalformed
	}
	if !present || set.Empty() {
		return nil, ErrNoCertificate
	}
	var all [][]byte
	for !set.Empty() {
		var one cryptobyte.String
		if !set.ReadASN1Element(&one, asn1.SEQUENCE) {
			return nil, fmt.Errorf("%w: in the certificates", ErrMalformed)
		}
		if len(all) == maxCertificates {
			return nil, fmt.Errorf("%w: more than %d", ErrCertificates, maxCertificates)
		}
		all = append(all, one)
	}
	if body.PeekASN1Tag(tagged(1)) {
		return nil, ErrRevocationList
	}
	return all, nil
}

func readOnlySigner(body *cryptobyte.String) (info cryptobyte.String, err error) {
	var signers cryptobyte.String
	if !body.ReadASN1(&signers, asn1.SET) || !body.Empty() {
		return nil, ErrMalformed
	}
	if signers.Empty() {
		return nil, fmt.Errorf("%w: none", ErrSigners)
	}
	if !signers.ReadASN1(&info, asn1.SEQUENCE) {
		return nil, ErrMalformed
	}
	if !signers.Empty() {
		return nil, fmt.Errorf("%w: several", ErrSigners)
	}
	return info, nil
}

// readSigner reads SignerInfo (RFC 5652 section 5.3) and finds its certificate.
func readSigner(info cryptobyte.String, certificates [][]byte) (*Signed, error) {
	var version int
	var id, algorithm, attributes, signature cryptobyte.String
	if !info.ReadASN1Integer(&version) {
		return nil, ErrMalformed
	}
	if info.PeekASN1Tag(asn1.Tag(0).ContextSpecific()) {
		return nil, ErrSignerID
	}
	if version != 1 {
		return nil, fmt.Errorf("%w: signer %d", ErrVersion, version)
	}
	if !info.ReadASN1(&id, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) {
		return nil, ErrMalformed
	}
	if !isSHA256(algorithm) {
		return nil, ErrDigestAlgorithm
	}
	var present bool
	if !info.ReadOptionalASN1(&attributes, &present, tagged(0)) {
		return nil, ErrMalformed
	}
	if !present {
		return nil, ErrNoSignedAttributes
	}
	if !info.ReadASN1Element(&algorithm, asn1.SEQUENCE) || !info.ReadASN1(&signature, asn1.OCTET_STRING) {
		return nil, ErrMalformed
	}
	if !bytes.Equal(algorithm, ecdsaSHA256) {
		return nil, ErrSignatureAlgorithm
	}
	if !info.Empty() {
		if info.PeekASN1Tag(tagged(1)) {
			return nil, ErrUnsignedAttributes
		}
		return nil, ErrMalformed
	}
	s := &Signed{attributes: attributes, signature: signature}
	return s, s.findSigner(id, certificates)
}

// findSigner takes the certificate that IssuerAndSerialNumber names; the others are kept for the chain.
func (s *Signed) findSigner(id cryptobyte.String, certificates [][]byte) error {
	var issuer, serial cryptobyte.String
	if !id.ReadASN1Element(&issuer, asn1.SEQUENCE) || !id.ReadASN1(&serial, asn1.INTEGER) || !id.Empty() {
		return fmt.Errorf("%w: signer's name", ErrMalformed)
	}
	for _, der := range certificates {
		names, ok := namesOf(der)
		if !ok || s.Signer != nil || names.issuerDN != string(issuer) || names.serial != string(serial) {
			s.others = append(s.others, der)
			continue
		}
		var err error
		if s.Signer, err = parseCertificate(der); err != nil {
			return err
		}
	}
	if s.Signer == nil {
		return ErrNoCertificate
	}
	return nil
}

// readAttributes reads the signed attributes, which must be exactly contentType, signingTime and messageDigest, in
// the order that DER gives them: their lengths differ. It leaves s.attributes as it is signed, a SET OF (RFC 5652 section 5.4).
func (s *Signed) readAttributes() (digest []byte, err error) {
	in := cryptobyte.String(s.attributes)
	contentType, ok := readAttribute(&in, oidContentType)
	if kind, is := readOID(&contentType); !ok || !is || kind != oidData || !contentType.Empty() {
		return nil, fmt.Errorf("%w: content type", ErrSignedAttributes)
	}
	signed, ok := readAttribute(&in, oidSigningTime)
	if !ok {
		return nil, fmt.Errorf("%w: signing time", ErrSignedAttributes)
	}
	if s.SigningTime, ok = readTime(&signed); !ok || !signed.Empty() {
		return nil, fmt.Errorf("%w: signing time", ErrSignedAttributes)
	}
	value, ok := readAttribute(&in, oidMessageDigest)
	var sum cryptobyte.String
	if !ok || !value.ReadASN1(&sum, asn1.OCTET_STRING) || !value.Empty() || len(sum) != sha256.Size {
		return nil, fmt.Errorf("%w: message digest", ErrSignedAttributes)
	}
	if !in.Empty() {
		return nil, fmt.Errorf("%w: there are more", ErrSignedAttributes)
	}
	if s.attributes, err = asSet(s.attributes); err != nil {
		return nil, err
	}
	return sum, nil
}

// readAttribute reads an Attribute of one value.
func readAttribute(in *cryptobyte.String, want string) (value cryptobyte.String, ok bool) {
	var attribute cryptobyte.String
	if !in.ReadASN1(&attribute, asn1.SEQUENCE) {
		return nil, false
	}
	kind, ok := readOID(&attribute)
	return value, ok && kind == want && attribute.ReadASN1(&value, asn1.SET) && attribute.Empty()
}

func asSet(contents []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(contents) })
	return b.Bytes()
}

// Verify finds out whether the message was signed by its signer's card and whether the card's certificate chain leads to one of
// roots.CAs at the time at, with nothing revoked. It gives the earliest end of the certificates in that chain. Whether the signer may
// sign such a message (profession, certificate type) is not its question.
func (s *Signed) Verify(roots Roots, at time.Time) (notAfter time.Time, err error) {
	if notAfter, err = s.Signer.trusted(s.others, roots, at); err != nil {
		return time.Time{}, err
	}
	return notAfter, s.verifySignature()
}

func (s *Signed) verifySignature() error {
	digest := sha256.Sum256(s.attributes)
	if !s.Signer.key.verify(digest[:], s.signature) {
		return ErrSignature
	}
	return nil
}
