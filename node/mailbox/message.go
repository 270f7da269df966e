package mailbox

import (
	"crypto/sha256"
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
)

// ProtocolID is the protocol of the package documentation.
const ProtocolID = "/pieks/mailbox/1"

// ServiceName is the service in the resource manager.
const ServiceName = "pieks.mailbox"

// accessType is the external AAD of an owner's signature.
const accessType = "pieks/mailbox/1"

const version = 1

// BoxID is the Ed25519 public key of a mailbox's owner: P, D or B.
type BoxID [32]byte

// EnvelopeID is the SHA-256 of an envelope.
type EnvelopeID [32]byte

// IDOf names an envelope.
func IDOf(envelope []byte) EnvelopeID { return sha256.Sum256(envelope) }

type requestKind uint8

const (
	requestPut  requestKind = 1
	requestOpen requestKind = 2
)

// request is the first frame of a stream.
type request struct {
	Version  uint8       `cbor:"1,keyasint"`
	Kind     requestKind `cbor:"2,keyasint"`
	Box      []byte      `cbor:"3,keyasint,omitempty"`
	Envelope []byte      `cbor:"4,keyasint,omitempty"`
}

type accessKind uint8

const (
	accessFetch  accessKind = 1
	accessDelete accessKind = 2
	accessWatch  accessKind = 3
)

// access is what an owner signs: one thing, on one box, at one relay, in one stream.
type access struct {
	Version uint8        `cbor:"1,keyasint"`
	Kind    accessKind   `cbor:"2,keyasint"`
	Relay   []byte       `cbor:"3,keyasint"`
	Nonce   [32]byte     `cbor:"4,keyasint"`
	Box     BoxID        `cbor:"5,keyasint"`
	IDs     []EnvelopeID `cbor:"6,keyasint,omitempty"`
}

type replyKind uint8

const (
	replyDone  replyKind = 1
	replyNonce replyKind = 2
	replyMail  replyKind = 3
)

// reply is every frame from a relay.
type reply struct {
	Version  uint8     `cbor:"1,keyasint"`
	Kind     replyKind `cbor:"2,keyasint"`
	Code     Code      `cbor:"3,keyasint,omitempty"`
	Nonce    []byte    `cbor:"4,keyasint,omitempty"`
	Box      []byte    `cbor:"5,keyasint,omitempty"`
	Envelope []byte    `cbor:"6,keyasint,omitempty"`
	Until    uint64    `cbor:"7,keyasint,omitempty"`
}

var errShape = errors.New("fields of a mailbox message do not fit its kind")

// checkRequest says what code a first frame gets before anything is looked up.
func checkRequest(r request) Code {
	switch {
	case r.Version != version:
		return CodeVersion
	case r.Kind == requestOpen && r.Box == nil && r.Envelope == nil:
		return CodeOK
	case r.Kind == requestPut && len(r.Box) == len(BoxID{}):
		if len(r.Envelope) != SmallEnvelope && len(r.Envelope) != LargeEnvelope {
			return CodeSize
		}
		return CodeOK
	}
	return CodeMalformed
}

// readAccess reads a signed access and checks that its owner signed it for this relay and this stream's nonce.
func readAccess(data []byte, relay peer.ID, nonce [32]byte) (access, Code) {
	var a access
	env, err := wire.ParseSigned(data)
	if err != nil {
		return a, CodeMalformed
	}
	if err := wire.Unmarshal(env.Payload, &a); err != nil {
		return a, CodeMalformed
	}
	if a.Version != version {
		return a, CodeVersion
	}
	if a.Kind < accessFetch || a.Kind > accessWatch || len(a.IDs) > maxDelete || (a.Kind == accessDelete) != (len(a.IDs) > 0) {
		return a, CodeMalformed
	}
	if string(a.Relay) != string(relay) || a.Nonce != nonce {
		return a, CodeRefused
	}
	if err := env.Verify(accessType, a.Box[:]); err != nil {
		return a, CodeRefused
	}
	return a, CodeOK
}

// checkReply says whether a relay's frame has the fields of its kind.
func checkReply(r reply) error {
	if r.Version != version {
		return CodeVersion.err()
	}
	ok := false
	switch r.Kind {
	case replyDone:
		ok = r.Nonce == nil && r.Envelope == nil
	case replyNonce:
		ok = len(r.Nonce) == 32 && r.Envelope == nil && r.Code == CodeOK
	case replyMail:
		ok = len(r.Box) == 32 && r.Code == CodeOK && (len(r.Envelope) == SmallEnvelope || len(r.Envelope) == LargeEnvelope)
	}
	if !ok {
		return errShape
	}
	return nil
}
