package issuance

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/wire"
)

// ProtocolID is the protocol of the package documentation.
const ProtocolID = "/pieks/pass/1"

// ServiceName is the service in the resource manager.
const ServiceName = "pieks.issuance"

// requestType is the external AAD of a request's signature.
const requestType = "pieks/pass-request/1"

const version = 1

// request is what a practice signs with its device key. The key itself is in the enrolment.
type request struct {
	Version   uint8            `cbor:"1,keyasint"`
	Relay     []byte           `cbor:"2,keyasint"`
	Enrolment []byte           `cbor:"3,keyasint"`
	Key       gossip.KeyID     `cbor:"4,keyasint"`
	Blinded   [][]byte         `cbor:"5,keyasint"`
	Time      uint64           `cbor:"6,keyasint"`
	Nonce     [nonceBytes]byte `cbor:"7,keyasint"`
}

// answer is the relay's only frame.
type answer struct {
	Version    uint8    `cbor:"1,keyasint"`
	Code       Code     `cbor:"2,keyasint,omitempty"`
	Signatures [][]byte `cbor:"3,keyasint,omitempty"`
	Left       uint64   `cbor:"4,keyasint,omitempty"`
}

// readRequest reads a request and checks what needs no key: its form, that it is for this relay, and that it is fresh.
// Its signature is checked once the enrolment says whose it must be.
func readRequest(data []byte, relay peer.ID, now time.Time) (*wire.Envelope, request, Code) {
	var r request
	env, err := wire.ParseSigned(data)
	if err != nil {
		return nil, r, CodeMalformed
	}
	if err := wire.Unmarshal(env.Payload, &r); err != nil {
		return nil, r, CodeMalformed
	}
	switch {
	case r.Version != version:
		return nil, r, CodeVersion
	case string(r.Relay) != string(relay):
		return nil, r, CodeSignature
	case len(r.Enrolment) == 0 || len(r.Enrolment) > card.MaxEnrolment || len(r.Blinded) != Batch:
		return nil, r, CodeMalformed
	case !fresh(r.Time, now):
		return nil, r, CodeStale
	}
	for _, b := range r.Blinded {
		if len(b) != signatureBytes {
			return nil, r, CodeMalformed
		}
	}
	return env, r, CodeOK
}

// fresh is the rule for a request's time.
func fresh(at uint64, now time.Time) bool {
	skew := uint64(maxSkew / time.Second)
	n := uint64(max(now.Unix(), 0))
	return at+skew >= n && at <= n+skew && at+skew >= at
}

// checkAnswer says whether an answer has the fields of its code.
func checkAnswer(a answer) error {
	if a.Version != version {
		return ErrVersion
	}
	if a.Code != CodeOK {
		return a.Code.err()
	}
	if len(a.Signatures) != Batch {
		return ErrTampered
	}
	return nil
}
