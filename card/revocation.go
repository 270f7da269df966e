package card

import (
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"
	"slices"

	"github.com/ProtonMail/go-crypto/brainpool"
)

// isRevoked says whether a network file lists the certificate. Whoever holds a certificate can write its ECDSA signature in a second way,
// with n - s for s, that verifies as well and has another hash: so the hash of that is looked for, too.
func (c *Certificate) isRevoked(list [][32]byte) bool {
	if len(list) == 0 {
		return false
	}
	if slices.Contains(list, sha256.Sum256(c.Raw)) {
		return true
	}
	for _, n := range []*big.Int{elliptic.P256().Params().N, brainpool.P256r1().Params().N} { // the CA's curve is not known here
		if other, ok := c.otherForm(n); ok && slices.Contains(list, sha256.Sum256(other)) {
			return true
		}
	}
	return false
}

// otherForm is the certificate with the other signature of a CA whose curve has order n.
func (c *Certificate) otherForm(n *big.Int) ([]byte, bool) {
	r, s, ok := readSignature(c.signature)
	if !ok || s.Cmp(n) >= 0 {
		return nil, false
	}
	signature, err := encodeSignature(r, s.Sub(n, s))
	if err != nil {
		return nil, false
	}
	der, err := seal(c.tbs, signature)
	return der, err == nil
}

// checkRevoked holds a certificate against the lists of the CA that issued it; those of others are passed over. One that is listed is
// revoked, however old the list. Else one of the lists has to be current, if there are any: a list that was given and has run out must
// not pass for none.
func (w *chain) checkRevoked(c, issuer *Certificate) error {
	var stale error
	current := false
	for _, l := range w.crls {
		if !l.isBy(issuer) {
			continue
		}
		if err := l.checkBy(issuer); err != nil {
			return err
		}
		if l.lists(c) {
			return ErrRevokedCard
		}
		if err := l.checkTime(w.at); err != nil {
			stale = err
			continue
		}
		current = true
	}
	if current {
		return nil
	}
	return stale
}

// checkAnchor holds a trusted CA against the lists of the one that issued it, if the network trusts that, too: it is trusted as it is, but
// not when it was revoked. One that issued itself is not held against its own list: who has its key writes the list.
func (w *chain) checkAnchor(ca *Certificate) error {
	if ca.issuerDN == ca.subjectDN || !slices.ContainsFunc(w.crls, func(l *RevocationList) bool { return l.issuerDN == ca.issuerDN }) {
		return nil
	}
	for _, der := range w.cas {
		if names, ok := namesOf(der); !ok || names.subjectDN != ca.issuerDN {
			continue
		}
		issuer, err := ParseCertificate(der)
		if err != nil || !ca.signedBy(issuer) {
			continue
		}
		if err := w.checkRevoked(ca, issuer); err != nil {
			return err
		}
	}
	return nil
}
