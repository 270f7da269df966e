package egk

const (
	// maxShort: what a short command's answer carries (ISO 7816-3 section 12.1.3); a Sub-CA's or card's CV certificate has 222 bytes.
	maxShort = 256
	// maxX509: EF.C.CH.AUT.E256 holds 1,900 bytes, of which real certificates fill 810; package card reads at most 4,096.
	maxX509 = 4 << 10
	// signatureLength: r and s over brainpoolP256r1.
	signatureLength = 64
	// MaxResponse is the longest answer that a dialogue takes, with its status word.
	MaxResponse = maxX509 + 2
)
