package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

const (
	keyMagic    = "PIEKSKEY"
	keyVersion  = 1
	checksumLen = 8
	storeIDLen  = 16
)

// keyBody is what the key file seals.
type keyBody struct {
	ID         []byte       `cbor:"1,keyasint"` // 16 bytes, random; also in store.db
	Role       string       `cbor:"2,keyasint"`
	Data       []byte       `cbor:"3,keyasint"` // 32 bytes: seals values
	Index      []byte       `cbor:"4,keyasint"` // 32 bytes: hides keys; survives backup and restore
	Generation uint64       `cbor:"5,keyasint"` // store.db is at least here
	Secrets    []epochEntry `cbor:"6,keyasint"` // by epoch, then name
}

type epochEntry struct {
	Epoch  uint64 `cbor:"1,keyasint"`
	Name   string `cbor:"2,keyasint"`
	Secret []byte `cbor:"3,keyasint"`
}

// newKeys makes the keys of a new store. index is nil but after a restore.
func newKeys(role string, index []byte) keyBody {
	b := keyBody{ID: make([]byte, storeIDLen), Role: role, Data: make([]byte, 32), Index: index, Generation: 1}
	rand.Read(b.ID)
	rand.Read(b.Data)
	if index == nil {
		b.Index = make([]byte, 32)
		rand.Read(b.Index)
	}
	return b
}

func (b keyBody) valid() bool {
	if len(b.ID) != storeIDLen || len(b.Data) != 32 || len(b.Index) != 32 || len(b.Role) > maxBucketName || len(b.Secrets) > maxSecrets {
		return false
	}
	for i, e := range b.Secrets {
		if e.Name == "" || len(e.Name) > maxSecretName || len(e.Secret) == 0 || len(e.Secret) > maxSecret {
			return false
		}
		if i > 0 && compareEntries(b.Secrets[i-1], e) >= 0 {
			return false
		}
	}
	return true
}

// clone gives a body whose list may be changed; the secrets are shared.
func (b keyBody) clone() keyBody {
	b.Secrets = slices.Clone(b.Secrets)
	return b
}

// keyFile is a key file in its parts. Only its form was checked.
type keyFile struct {
	stretch stretch
	head    []byte // all before the nonce
	nonce   []byte
	sealed  []byte
}

var (
	keyEncoder, _ = cbor.CoreDetEncOptions().EncMode()
	keyDecoder, _ = cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden, MaxNestedLevels: 4,
		MaxArrayElements: maxSecrets, MaxMapPairs: 16, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, UTF8: cbor.UTF8RejectInvalid,
	}.DecMode()
)

// decode reads the one deterministic encoding of v.
func decode(data []byte, v any) error {
	if err := keyDecoder.Unmarshal(data, v); err != nil {
		return err
	}
	again, err := keyEncoder.Marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, data) {
		return fmt.Errorf("not in the deterministic encoding")
	}
	return nil
}

// encodeKeyFile returns the bytes of a key file: body sealed under kek, which is what s makes of the secret.
func encodeKeyFile(s stretch, kek [32]byte, body keyBody) ([]byte, error) {
	head, err := keyEncoder.Marshal(s)
	if err != nil {
		return nil, err
	}
	plain, err := keyEncoder.Marshal(body)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	out := append([]byte(keyMagic), keyVersion)
	out = binary.BigEndian.AppendUint16(out, uint16(len(head)))
	out = append(out, head...)
	aad := len(out)
	out = append(out, make([]byte, nonceSize)...)
	rand.Read(out[aad:])
	out = NewSealer(kek).aead.Seal(out, out[aad:aad+nonceSize], plain, out[:aad:aad])
	sum := sha256.Sum256(out)
	return append(out, sum[:checksumLen]...), nil
}

// parseKeyFile checks the form and the checksum. Its errors wrap ErrDamaged or ErrNewer.
func parseKeyFile(data []byte) (keyFile, error) {
	const fixed = len(keyMagic) + 1 + 2
	if len(data) < fixed+nonceSize+checksumLen || string(data[:len(keyMagic)]) != keyMagic {
		return keyFile{}, fmt.Errorf("%w: not a key file", ErrDamaged)
	}
	content, sum := data[:len(data)-checksumLen], data[len(data)-checksumLen:]
	if want := sha256.Sum256(content); !bytes.Equal(sum, want[:checksumLen]) {
		return keyFile{}, fmt.Errorf("%w: wrong checksum", ErrDamaged)
	}
	if v := data[len(keyMagic)]; v != keyVersion {
		return keyFile{}, fmt.Errorf("%w: key file of version %d", ErrNewer, v)
	}
	end := fixed + int(binary.BigEndian.Uint16(data[fixed-2:]))
	if end+nonceSize > len(content) {
		return keyFile{}, fmt.Errorf("%w: header does not fit", ErrDamaged)
	}
	k := keyFile{head: content[:end:end], nonce: content[end : end+nonceSize], sealed: content[end+nonceSize:]}
	if err := decode(content[fixed:end], &k.stretch); err != nil {
		return keyFile{}, fmt.Errorf("%w: header: %v", ErrDamaged, err)
	}
	if !k.stretch.valid() {
		return keyFile{}, fmt.Errorf("%w: header asks for what no store has", ErrDamaged)
	}
	return k, nil
}

// open returns the body, ErrSecret where kek is not the one, ErrDamaged where the body is not one.
func (k keyFile) open(kek [32]byte) (keyBody, error) {
	plain, err := NewSealer(kek).aead.Open(nil, k.nonce, k.sealed, k.head)
	if err != nil {
		return keyBody{}, ErrSecret
	}
	defer clear(plain)
	var body keyBody
	if err := decode(plain, &body); err != nil {
		return keyBody{}, fmt.Errorf("%w: key file: %v", ErrDamaged, err)
	}
	if !body.valid() {
		return keyBody{}, fmt.Errorf("%w: key file holds what no store has", ErrDamaged)
	}
	return body, nil
}
