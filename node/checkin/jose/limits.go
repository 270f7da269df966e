package jose

const (
	// MaxKeys: a service rolls a few keys over; a list of practices' keys is no thing to send at once.
	MaxKeys = 64
	// maxDepth: of JSON; authorization details of RFC 9396 nest four deep, entity statements of a federation five.
	maxDepth = 16
	// maxKeyID: a thumbprint has 43 characters; some name their keys by a URL.
	maxKeyID = 256
)
