package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// ErrEncoding says that bytes are not the one deterministic encoding of the object asked for.
var ErrEncoding = errors.New("not in the deterministic encoding of Pieks")

var (
	encoder = must(encoding().EncMode())
	decoder = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   maxNesting,
		MaxArrayElements:  maxArray,
		MaxMapPairs:       maxPairs,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              cbor.UTF8RejectInvalid,
	}.DecMode())
)

// encoding writes a list that is empty and one that was never made alike, so that null is no second form of either.
func encoding() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty
	return o
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Marshal returns the deterministic encoding of v, a struct with `cbor:"N,keyasint"` fields.
func Marshal(v any) ([]byte, error) { return encoder.Marshal(v) }

// Unmarshal reads exactly one object from data into v, a pointer. It refuses every encoding but the
// deterministic one, so equal objects have equal bytes and hashes.
func Unmarshal(data []byte, v any) error {
	if err := decoder.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %v", ErrEncoding, err)
	}
	again, err := encoder.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrEncoding, err)
	}
	if !bytes.Equal(again, data) {
		return ErrEncoding
	}
	return nil
}
