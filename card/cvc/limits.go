package cvc

// maxCertificate: over brainpoolP256r1 a card's has 222 bytes, over P512r1 a CA's 354.
const maxCertificate = 512

// Lengths of generation 2 (gemSpec_PKI, popp.md 3.5).
const (
	authorityLength = 8  // reference of a CA
	holderLength    = 12 // of an end entity: key identifier of two bytes, serial number
	iccsnLength     = 10
	flagsLength     = 7
	dateLength      = 6
	// NonceLength of what INTERNAL AUTHENTICATE signs in elcRoleAuthentication (popp.md 3.2).
	NonceLength = 24
)
