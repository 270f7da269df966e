package card

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// RevocationList is an X.509 certificate revocation list (RFC 5280 section 5), read once and looked up often. Whether its signature is right
// is found out against the CA that it is held against.
type RevocationList struct {
	Issuer     string // common name of the CA
	ThisUpdate time.Time
	NextUpdate time.Time

	issuerDN    string // DER
	authorityID string
	digest      [32]byte // of the signed part
	signature   []byte
	serials     map[string]struct{} // contents of the INTEGERs

	checked atomic.Pointer[[]byte] // certificate of the CA whose signature it was found to have: checked once, not with every message
}

// ParseCRL reads one list in DER: version 2, ecdsa-with-SHA256, with an end, whole. A delta list, one for some of a CA's certificates
// only and one for several CAs are refused, since their marks are critical: they would let revoked cards pass. Its signature is not
// checked.
func ParseCRL(der []byte) (*RevocationList, error) {
	if len(der) > maxCRL {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrCRL, len(der), maxCRL)
	}
	in := cryptobyte.String(der)
	var outer, tbs, algorithm cryptobyte.String
	l := &RevocationList{serials: make(map[string]struct{})}
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1Element(&tbs, asn1.SEQUENCE) ||
		!outer.ReadASN1Element(&algorithm, asn1.SEQUENCE) || !outer.ReadASN1BitStringAsBytes(&l.signature) || !outer.Empty() {
		return nil, fmt.Errorf("%w: structure", ErrCRL)
	}
	if !bytes.Equal(algorithm, ecdsaSHA256) {
		return nil, fmt.Errorf("%w: in the revocation list", ErrSignatureAlgorithm)
	}
	l.digest = sha256.Sum256(tbs)
	if err := l.parseTBS(tbs); err != nil {
		return nil, err
	}
	return l, nil
}

// parseTBS reads TBSCertList.
func (l *RevocationList) parseTBS(tbs cryptobyte.String) error {
	var body, algorithm, issuer cryptobyte.String
	var version int
	if !tbs.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Integer(&version) || version != 1 ||
		!body.ReadASN1Element(&algorithm, asn1.SEQUENCE) || !bytes.Equal(algorithm, ecdsaSHA256) || !body.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return fmt.Errorf("%w: head", ErrCRL)
	}
	var ok bool
	l.issuerDN = string(issuer)
	if l.Issuer, ok = commonName(l.issuerDN); !ok {
		return fmt.Errorf("%w: issuer", ErrCRL)
	}
	if l.ThisUpdate, ok = readTime(&body); !ok {
		return fmt.Errorf("%w: time", ErrCRL)
	}
	if l.NextUpdate, ok = readTime(&body); !ok || !l.ThisUpdate.Before(l.NextUpdate) {
		return fmt.Errorf("%w: it has no end", ErrCRL)
	}
	if body.PeekASN1Tag(asn1.SEQUENCE) {
		if err := l.parseEntries(&body); err != nil {
			return err
		}
	}
	return l.parseExtensions(body)
}

// parseEntries reads revokedCertificates, which may not be there and empty (RFC 5280 section 5.1.2.6).
func (l *RevocationList) parseEntries(body *cryptobyte.String) error {
	var list cryptobyte.String
	if !body.ReadASN1(&list, asn1.SEQUENCE) || list.Empty() {
		return fmt.Errorf("%w: entries", ErrCRL)
	}
	for !list.Empty() {
		var one, serial, extensions cryptobyte.String
		if !list.ReadASN1(&one, asn1.SEQUENCE) || !one.ReadASN1(&serial, asn1.INTEGER) || len(serial) == 0 || len(serial) > maxSerial {
			return fmt.Errorf("%w: entry %d", ErrCRL, len(l.serials)+1)
		}
		if _, ok := readTime(&one); !ok {
			return fmt.Errorf("%w: time of entry %d", ErrCRL, len(l.serials)+1)
		}
		if !one.Empty() && (!one.ReadASN1(&extensions, asn1.SEQUENCE) || !one.Empty() || !l.uncritical(extensions)) {
			return fmt.Errorf("%w: extensions of entry %d", ErrCRL, len(l.serials)+1)
		}
		l.serials[string(serial)] = struct{}{}
	}
	return nil
}

// parseExtensions reads crlExtensions, which a version 2 list has.
func (l *RevocationList) parseExtensions(body cryptobyte.String) error {
	var outer, list cryptobyte.String
	if !body.ReadASN1(&outer, tagged(0)) || !body.Empty() || !outer.ReadASN1(&list, asn1.SEQUENCE) || !outer.Empty() || !l.uncritical(list) {
		return fmt.Errorf("%w: extensions", ErrCRL)
	}
	return nil
}

// uncritical goes through extensions of the list or of an entry: the key identifier of the CA is kept, others are passed over, and
// a critical one is refused.
func (l *RevocationList) uncritical(list cryptobyte.String) bool {
	for n := 0; !list.Empty(); n++ {
		var one, value cryptobyte.String
		var critical bool
		if n == maxExtensions || !list.ReadASN1(&one, asn1.SEQUENCE) {
			return false
		}
		kind, ok := readOID(&one)
		if !ok || !readCritical(&one, &critical) || critical || !one.ReadASN1(&value, asn1.OCTET_STRING) || !one.Empty() {
			return false
		}
		if kind == oidAuthorityKeyID {
			var e extensions
			if err := e.readAuthorityID(value); err != nil {
				return false
			}
			l.authorityID = e.authorityID
		}
	}
	return true
}

// isBy says whether the list names ca as its issuer, by name and by key if both have its identifier.
func (l *RevocationList) isBy(ca *Certificate) bool {
	id := ca.extensions.subjectID
	return l.issuerDN == ca.subjectDN && (l.authorityID == "" || id == "" || l.authorityID == id)
}

// checkBy finds out whether ca, which the list names, made it.
func (l *RevocationList) checkBy(ca *Certificate) error {
	if ca.extensions.keyUsage&usageCRLSign == 0 {
		return ErrCRLIssuer
	}
	if known := l.checked.Load(); known != nil && bytes.Equal(*known, ca.Raw) {
		return nil
	}
	if !ca.key.verify(l.digest[:], l.signature) {
		return ErrCRLSignature
	}
	l.checked.Store(&ca.Raw)
	return nil
}

// checkTime refuses a list that is not current at the time at. Another clock may be off by maxSkew.
func (l *RevocationList) checkTime(at time.Time) error {
	switch {
	case at.Before(l.ThisUpdate.Add(-maxSkew)):
		return fmt.Errorf("%w (from %s)", ErrCRLNotYetValid, l.ThisUpdate.Format(time.RFC3339))
	case at.After(l.NextUpdate):
		return fmt.Errorf("%w (on %s)", ErrCRLExpired, l.NextUpdate.Format(time.RFC3339))
	}
	return nil
}

func (l *RevocationList) lists(c *Certificate) bool {
	_, listed := l.serials[c.serial]
	return listed
}
