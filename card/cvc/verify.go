package cvc

import (
	"bytes"
	"fmt"
	"time"
)

// Verify checks the chain end entity, Sub-CA, one of roots (each a self-signed CV certificate, or any other of a root, that is trusted as it is: a
// root's own signature is not looked at) at a time. Each refusal has its own error; both signatures come last.
func Verify(ee, sub *Certificate, roots []*Certificate, at time.Time) error {
	if ee == nil || sub == nil {
		return fmt.Errorf("%w: there is none", ErrCertificate)
	}
	if err := ee.is(roleCard); err != nil {
		return err
	}
	if err := sub.is(roleSubCA); err != nil {
		return err
	}
	if err := ee.below(sub, at); err != nil {
		return err
	}
	if err := sub.anchored(roots, at); err != nil {
		return err
	}
	if !sub.key.verifyHashed(ee.body, ee.signature) {
		return fmt.Errorf("%w: the card's", ErrSignature)
	}
	return nil
}

// is says whether a certificate is of a role: by its flags, by the length of its name, and by what its key is for.
func (c *Certificate) is(r role) error {
	ofCA := r != roleCard
	if c.role() != r || c.key.ofCA != ofCA || (len(c.CHR) == authorityLength) != ofCA {
		return ErrRole
	}
	return nil
}

// below checks what issuer and time say about c, without a signature.
func (c *Certificate) below(issuer *Certificate, at time.Time) error {
	switch {
	case !bytes.Equal(c.CAR[:], issuer.CHR):
		return ErrIssuer
	case c.listOf != issuer.listOf:
		return ErrOtherList
	case !within(c.flags, issuer.flags):
		return ErrRights
	}
	return c.checkTime(at)
}

// anchored says whether one of roots issued a Sub-CA's. Of two with one name, as after a change of key, the one that fits is taken.
func (c *Certificate) anchored(roots []*Certificate, at time.Time) error {
	failed := fmt.Errorf("%w (%s)", ErrUnknownRoot, reference(c.CAR))
	for _, root := range roots {
		if root == nil || !bytes.Equal(root.CHR, c.CAR[:]) {
			continue
		}
		if failed = c.issuedBy(root, at); failed == nil {
			return nil
		}
	}
	return failed
}

func (c *Certificate) issuedBy(root *Certificate, at time.Time) error {
	if err := root.is(roleRoot); err != nil {
		return err
	}
	if err := root.checkTime(at); err != nil {
		return err
	}
	if err := c.below(root, at); err != nil {
		return err
	}
	if !root.key.verifyHashed(c.body, c.signature) {
		return fmt.Errorf("%w: the Sub-CA's", ErrSignature)
	}
	return nil
}

// checkTime: both days are part of the time, in UTC.
func (c *Certificate) checkTime(at time.Time) error {
	switch day := dayOf(at); {
	case day.Before(c.From):
		return fmt.Errorf("%w (from %s)", ErrNotYetValid, c.From.Format(time.DateOnly))
	case day.After(c.To):
		return fmt.Errorf("%w (on %s)", ErrExpired, c.To.Format(time.DateOnly))
	}
	return nil
}

// within says whether flags has no bit that of has not.
func within(flags, of []byte) bool {
	for i := range flags {
		if flags[i]&^of[i] != 0 {
			return false
		}
	}
	return true
}

// reference is a CA's name as people write it: DEGXX870222.
func reference(name [authorityLength]byte) string {
	for _, letter := range name[:5] {
		if letter < 'A' || letter > 'Z' {
			return fmt.Sprintf("%X", name)
		}
	}
	return fmt.Sprintf("%s%X", name[:5], name[5:])
}

// VerifyChallenge checks a card's answer to INTERNAL AUTHENTICATE with algorithm elcRoleAuthentication: r and s side by side over nonce and a zero
// byte, which is not hashed but is the number that is signed itself (popp.md 3.2).
func (c *Certificate) VerifyChallenge(nonce, signature []byte) bool {
	if len(nonce) != NonceLength || c.key.ofCA {
		return false
	}
	message := make([]byte, NonceLength+1)
	copy(message, nonce)
	return c.key.verifyRaw(message, signature)
}
