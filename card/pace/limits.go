package pace

const (
	// canDigits: gemSpec_eGK_ObjSys, SK.CAN.
	canDigits = 6
	// coordinate is the length of one of brainpoolP256r1 in bytes, and of a scalar.
	coordinate = 32
	// block is AES-128's, and the length of its keys.
	block = 16
	// macSize: MACs and authentication tokens are cut to 8 bytes (TR-03110 part 3, annex A.2.4.2).
	macSize = 8
	// maxAccess: EF.CardAccess has 22 bytes on cards of generation 2.1; one with every protocol of TR-03110 has below 200. One short READ BINARY.
	maxAccess = 256
	// maxInfos: protocols in an EF.CardAccess.
	maxInfos = 16
	// maxDraws: one of three draws of 32 bytes is above brainpoolP256r1's order. Another hundred in a row are a broken source of random bytes.
	maxDraws = 128
	// shortAnswer is what a short command can bring (ISO 7816-3 section 12.1.3), longAnswer a long one.
	shortAnswer = 256
	longAnswer  = 65536
	// aroundAnswer: bytes of a secured answer around its padded data: tag, length and padding indicator of 87, 99 with its two, 8E with its eight.
	aroundAnswer = 1 + 3 + 1 + 4 + 2 + macSize
	// maxSecured: data whose cryptogram fits into one command or answer with the objects around it, 65,535 bytes in all.
	maxSecured = (65535-aroundAnswer)/block*block - 1
)
