package card

import (
	"errors"
	"fmt"
)

// Errors of talking to a card.
var (
	ErrPINBlocked  = errors.New("the card's PIN is blocked: unblock it with its PUK in your card software")
	ErrPINShape    = errors.New("a card PIN has six to eight digits: nothing was sent to the card")
	ErrPINNeeded   = errors.New("the card wants its PIN before it signs")
	ErrForeignCard = errors.New("this card is none that Pieks knows: insert a practice's or professional's (SMC-B, HBA, UZI card or PIV card)")
	ErrContactless = errors.New("the card wants its access number (CAN) before it is read without contacts: put it into a reader with contacts")
	ErrLayout      = errors.New("what the card says about its own contents cannot be used: ask its issuer which key is for authentication")
	ErrNoSigning   = errors.New("a patient's card (eGK) does not sign here: insert the practice's card")
	ErrATR         = errors.New("the card's answer to reset makes no sense: take it out, insert it again and retry")
	ErrResponse    = errors.New("the card's answer makes no sense: take it out, insert it again and retry")
	ErrCommand     = errors.New("not a command APDU")
	ErrHolder      = errors.New("a virtual card cannot be made like this")
	ErrTestCA      = errors.New("the test network's card CA cannot be used: get the network file again")
)

// PINError says that the card refused the PIN. Tries wrong ones are left before it blocks; with 0 it is ErrPINBlocked too.
type PINError struct{ Tries int }

func (e *PINError) Error() string {
	switch e.Tries {
	case 0:
		return "wrong PIN, and now the card is blocked: unblock it with its PUK in your card software"
	case 1:
		return "wrong PIN: one try is left before the card blocks"
	}
	return fmt.Sprintf("wrong PIN: %d tries are left before the card blocks", e.Tries)
}

// Is makes a PIN that was wrong for the last time a blocked one too.
func (e *PINError) Is(target error) bool { return target == ErrPINBlocked && e.Tries == 0 }

// StatusError is a status word (ISO 7816-4 section 5.6) that the driver did not expect.
type StatusError struct {
	Doing string // what was tried, without its data
	SW    uint16
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the card refused to %s (status %04X): take it out, insert it again and retry", e.Doing, e.SW)
}

// Errors of a CMS message, one for each rule of the strict profile.
var (
	ErrTooLarge           = errors.New("signed message is larger than allowed")
	ErrTrailing           = errors.New("signed message has bytes after its end")
	ErrBER                = errors.New("signed message is not DER")
	ErrMalformed          = errors.New("signed message is damaged or of another structure")
	ErrNotSignedData      = errors.New("message is not CMS signed data")
	ErrVersion            = errors.New("signed message has a version outside the profile")
	ErrDigestAlgorithm    = errors.New("signed message does not use SHA-256 alone")
	ErrContent            = errors.New("signed message does not carry its content as plain data")
	ErrNoCertificate      = errors.New("signed message lacks its signer's certificate")
	ErrCertificates       = errors.New("signed message carries more certificates than allowed")
	ErrRevocationList     = errors.New("signed message carries a revocation list")
	ErrSigners            = errors.New("signed message does not have exactly one signer")
	ErrSignerID           = errors.New("signer is not named by issuer and serial number")
	ErrNoSignedAttributes = errors.New("signed message has no signed attributes")
	ErrSignedAttributes   = errors.New("signed attributes are not exactly content type, signing time and message digest")
	ErrUnsignedAttributes = errors.New("signed message has unsigned attributes")
	ErrSignatureAlgorithm = errors.New("signature algorithm is not allowed")
	ErrMessageDigest      = errors.New("content of the signed message was changed")
	ErrSignature          = errors.New("signature of the message is wrong")
	ErrDomain             = errors.New("signed message is not of the kind asked for")
)

// Errors of a certificate or its chain.
var (
	ErrCertificate          = errors.New("certificate is damaged or of another structure")
	ErrCurve                = errors.New("certificate's key is of a kind that is not supported")
	ErrPoint                = errors.New("certificate's public key is not a point of its curve")
	ErrExtension            = errors.New("certificate has a critical or doubled extension that cannot be checked")
	ErrKeyUsage             = errors.New("certificate is not for digital signatures")
	ErrExtendedKeyUsage     = errors.New("certificate is not for authentication")
	ErrCASigner             = errors.New("a CA's certificate cannot enrol a practice")
	ErrNotCA                = errors.New("certificate was issued by one that may not issue certificates")
	ErrUntrusted            = errors.New("no card root of this network stands behind this certificate")
	ErrCertificateSignature = errors.New("certificate's signature is wrong")
	ErrExpired              = errors.New("certificate has expired: the practice needs a new card")
	ErrNotYetValid          = errors.New("certificate is not valid yet: check the clock of this computer")
	ErrCertificateType      = errors.New("certificate is not the authentication certificate of an HBA, SMC-B or UZI card")
	ErrPatientCard          = errors.New("card is a patient's (eGK), which offers no appointments: insert the practice's card")
	ErrNotPatient           = errors.New("certificate is not a patient's for authentication (C.CH.AUT)")
	ErrNotInsured           = errors.New("certificate of a patient's card does not name an insured person")
	ErrUZI                  = errors.New("name of the UZI card is not that of a care provider")
	ErrAdmission            = errors.New("certificate's admission extension is damaged")
	ErrNoAdmission          = errors.New("certificate names no profession")
	ErrProfession           = errors.New("profession on the card may not offer appointments in this network")
)

// Errors of revocation.
var (
	ErrRevokedCard    = errors.New("card was revoked, by its issuer or by this network: ask the card's issuer for a new one")
	ErrCRL            = errors.New("revocation list is damaged or of another kind: fetch it again from the card's issuer")
	ErrCRLIssuer      = errors.New("revocation list is from a CA that may not issue any: fetch the CA's own")
	ErrCRLSignature   = errors.New("revocation list was not signed by the CA that it names: fetch it again from the card's issuer")
	ErrCRLExpired     = errors.New("revocation list has run out: fetch a new one from the card's issuer")
	ErrCRLNotYetValid = errors.New("revocation list is not valid yet: check the clock of this computer")
)

// Errors of a statement.
var (
	ErrStatement            = errors.New("practice's statement is not acceptable")
	ErrStatementVersion     = errors.New("practice's statement has an unknown version: update Pieks")
	ErrStatementSpan        = errors.New("enrolment spans more than 90 days, or ends before it begins")
	ErrStatementExpired     = errors.New("enrolment has expired: the practice must enrol again with its card")
	ErrStatementNotYetValid = errors.New("enrolment is not valid yet: check the clock of this computer")
	ErrTelematikID          = errors.New("Telematik-ID of the statement is not the card's")
	ErrSigningTime          = errors.New("signing time does not fit the enrolment's time")
	ErrNotFresh             = errors.New("enrolment was not signed within the last 30 minutes: enrol again, and check the clock of this computer")
	ErrRevoked              = errors.New("this network has revoked the practice's device: ask its operators")
)
