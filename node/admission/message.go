package admission

import (
	"errors"

	"pieks/card"
	"pieks/gossip"
)

// ProtocolID is the protocol of the package documentation.
const ProtocolID = "/pieks/admission/1"

// ServiceName is the service in the resource manager.
const ServiceName = "pieks.admission"

const version = 1

// Kind is what a peer is to a relay.
type Kind uint8

// Kinds of peers. Stranger is one that was not admitted, or no longer is. Relay is never said in a hello.
const (
	Stranger Kind = 0
	Client   Kind = 1 // a patient
	Front    Kind = 2 // a practice under its pseudonym P
	Desk     Kind = 3 // a practice under its device key D
	Relay    Kind = 4 // a relay of the network bundle
)

// hello is the only frame of who connects. It needs no signature: the connection proves the peer ID, which must be P or D.
type hello struct {
	Version   uint8        `cbor:"1,keyasint"`
	Kind      Kind         `cbor:"2,keyasint"`
	Region    string       `cbor:"3,keyasint,omitempty"`
	Extra     []string     `cbor:"4,keyasint,omitempty"`
	Pass      *gossip.Pass `cbor:"5,keyasint,omitempty"`
	Enrolment []byte       `cbor:"6,keyasint,omitempty"`
}

// reply is the relay's only frame.
type reply struct {
	Version   uint8    `cbor:"1,keyasint"`
	Code      Code     `cbor:"2,keyasint,omitempty"`
	Cycle     uint64   `cbor:"3,keyasint,omitempty"`
	Effective uint64   `cbor:"4,keyasint,omitempty"`
	Regions   []string `cbor:"5,keyasint,omitempty"`
	Until     uint64   `cbor:"6,keyasint,omitempty"`
	Bundle    uint64   `cbor:"7,keyasint,omitempty"`
}

var errShape = errors.New("the relay's answer names more than it may")

// checkHello says whether a hello has the fields of its kind and no others.
func checkHello(h hello) Code {
	if h.Version != version {
		return CodeVersion
	}
	ok := false
	switch h.Kind {
	case Client:
		// The same answer as to a region that does not exist: whoever probes learns nothing about the rules.
		if len(h.Extra) > MaxExtra || tooLong(h.Region) || tooLong(h.Extra...) {
			return CodeRegion
		}
		ok = h.Pass == nil && h.Enrolment == nil
	case Front:
		ok = h.Pass != nil && h.Extra == nil && h.Enrolment == nil && !tooLong(h.Region)
	case Desk:
		ok = h.Region == "" && h.Extra == nil && h.Pass == nil && len(h.Enrolment) > 0 && len(h.Enrolment) <= card.MaxEnrolment
	}
	if !ok {
		return CodeMalformed
	}
	return CodeOK
}

func tooLong(regions ...string) bool {
	for _, r := range regions {
		if len(r) > maxRegionText {
			return true
		}
	}
	return false
}

// checkReply says whether a relay's frame is one that an asker can use.
func checkReply(r reply) error {
	switch {
	case r.Version != version:
		return ErrVersion
	case len(r.Regions) > 1+MaxExtra || tooLong(r.Regions...):
		return errShape
	}
	return nil
}
