package jose

import "errors"

// Errors of what is read.
var (
	ErrJSON      = errors.New("not one JSON object in strict form")
	ErrDuplicate = errors.New("a member stands twice in a JSON object")
	ErrMember    = errors.New("a member of a JSON object is missing or of another type")

	ErrTooLarge  = errors.New("signed token is larger than allowed")
	ErrCompact   = errors.New("not a signed token in compact form: copy it whole, without line breaks")
	ErrCritical  = errors.New("signed token wants something understood that is not: update Pieks")
	ErrUnsigned  = errors.New("token has no signature: alg is none")
	ErrAlgorithm = errors.New("signature algorithm of the token is not allowed")
	ErrKeyKind   = errors.New("signature algorithm of the token is not that of its key")
	ErrSignature = errors.New("signature of the token is wrong: it was changed, or is from somebody else")

	ErrKey        = errors.New("public key is damaged or of another structure")
	ErrPrivateKey = errors.New("a secret key stands where only public ones belong: tell its owner that it is public now")
	ErrKeySet     = errors.New("not a JWK Set")
	ErrKeyTwice   = errors.New("two keys of the set have the same key id")
)
