package disclosure

import (
	"encoding/binary"
	"fmt"
	"io"

	"pieks/gossip/wire"
)

// ProtocolID is the protocol of the package documentation.
const ProtocolID = "/pieks/disclosure/1"

// ServiceName is the service in the resource manager.
const ServiceName = "pieks.disclosure"

const version = 1

type kind uint8

const (
	kindRegister kind = 1
	kindLookup   kind = 2
	kindDeliver  kind = 3
	kindCollect  kind = 4
	kindPost     kind = 5
	kindLists    kind = 6
)

// head is the first frame of a stream, of the same size for every kind.
type head struct {
	Version    uint8  `cbor:"1,keyasint"`
	Kind       kind   `cbor:"2,keyasint"`
	Reference  string `cbor:"3,keyasint,omitempty"`
	Commitment []byte `cbor:"4,keyasint,omitempty"`
	Dummy      bool   `cbor:"5,keyasint,omitempty"`
}

// signature is the second frame of a deliver.
type signature struct {
	CMS []byte `cbor:"1,keyasint"`
}

// parcel is the second frame of a post.
type parcel struct {
	Data   []byte   `cbor:"1,keyasint"`
	Secret [32]byte `cbor:"2,keyasint"`
	CMS    []byte   `cbor:"3,keyasint"`
}

// answer is the relay's frame; lists follow the one of a lists.
type answer struct {
	Version    uint8  `cbor:"1,keyasint"`
	Status     Status `cbor:"2,keyasint,omitempty"`
	Until      uint64 `cbor:"3,keyasint,omitempty"`
	Commitment []byte `cbor:"4,keyasint,omitempty"`
	CMS        []byte `cbor:"5,keyasint,omitempty"`
	Lists      uint64 `cbor:"6,keyasint,omitempty"`
	More       bool   `cbor:"7,keyasint,omitempty"`
}

// checkHead says what a first frame gets before anything is looked up.
func checkHead(h head) Status {
	named := isDigits(h.Reference, referenceDigits)
	bound := len(h.Commitment) == len(Commitment{})
	bare := h.Reference == "" && h.Commitment == nil
	ok := false
	switch h.Kind {
	case kindRegister, kindCollect:
		ok = named && bound
	case kindLookup, kindDeliver:
		ok = named && h.Commitment == nil && !h.Dummy
	case kindPost:
		ok = bare
	case kindLists:
		ok = bare && !h.Dummy
	}
	switch {
	case h.Version != version:
		return StatusVersion
	case !ok:
		return StatusMalformed
	}
	return StatusOK
}

// checkParcel is the form of a post.
func checkParcel(p parcel) Status {
	if len(p.Data) == 0 || len(p.Data) > MaxData || len(p.CMS) == 0 || len(p.CMS) > maxAuthorisation {
		return StatusMalformed
	}
	return StatusOK
}

// answerSize is the size of the answer to a kind, the same for every code.
func answerSize(k kind) int {
	if k == kindCollect {
		return collectBytes
	}
	return answerBytes
}

// checkAnswer says whether an answer to kind has the fields of its code, and no others.
func checkAnswer(k kind, a answer) error {
	if a.Version != version {
		return ErrVersion
	}
	var until, commitment, cms, lists bool
	if a.Status == StatusOK {
		until, commitment, cms, lists = k == kindRegister || k == kindLookup, k == kindLookup, k == kindCollect, k == kindLists
	}
	switch {
	case until != (a.Until > 0), a.Until > maxUnix:
	case commitment != (a.Commitment != nil), commitment && len(a.Commitment) != len(Commitment{}):
	case cms != (a.CMS != nil), cms && (len(a.CMS) == 0 || len(a.CMS) > maxAuthorisation):
	case !lists && (a.Lists > 0 || a.More), a.Lists > maxListsPerFetch:
	default:
		return a.Status.err()
	}
	return ErrAnswer
}

// paddedPrefix is the length of the object before the padding.
const paddedPrefix = 4

// pad writes an object into size bytes: its length, 4 bytes big-endian, itself, and zero bytes.
func pad(size int, v any) ([]byte, error) {
	data, err := wire.Marshal(v)
	if err != nil {
		return nil, err
	}
	if paddedPrefix+len(data) > size {
		return nil, fmt.Errorf("%w: %d bytes in a frame of %d", wire.ErrFrameSize, len(data), size)
	}
	out := make([]byte, size)
	binary.BigEndian.PutUint32(out, uint32(len(data)))
	copy(out[paddedPrefix:], data)
	return out, nil
}

// unpad reads what pad made. Padding that is not zero is another encoding, and refused.
func unpad(data []byte, size int, v any) error {
	if len(data) != size {
		return fmt.Errorf("%w: a frame of %d bytes, not %d", wire.ErrEncoding, len(data), size)
	}
	n := binary.BigEndian.Uint32(data)
	if uint64(n) > uint64(size-paddedPrefix) {
		return fmt.Errorf("%w: longer than its frame", wire.ErrEncoding)
	}
	for _, b := range data[paddedPrefix+n:] {
		if b != 0 {
			return fmt.Errorf("%w: padding is not zero", wire.ErrEncoding)
		}
	}
	return wire.Unmarshal(data[paddedPrefix:paddedPrefix+n], v)
}

func writePadded(w io.Writer, size int, v any) error {
	data, err := pad(size, v)
	if err != nil {
		return err
	}
	return wire.WriteFrame(w, data)
}

func readPadded(r io.Reader, size int, v any) error {
	data, err := wire.ReadFrame(r, size)
	if err != nil {
		return err
	}
	return unpad(data, size, v)
}
