package relay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"pieks/gossip/wire"
	"pieks/node/network"
	"pieks/store"
)

// keyFileName is the file in a relay's home that brings it the issuer keys of a renewed network. The relay takes them into its
// store at its next start and removes the file.
const keyFileName = "issuer-keys.cbor"

// peerFileName is the file in a relay's home that names it.
const peerFileName = "peer-id"

// FindHome looks below base for the home of a relay that Prepare made. It is empty when there is none.
func FindHome(base, peer string) (string, error) {
	files, err := filepath.Glob(filepath.Join(base, "*", peerFileName))
	if err != nil {
		return "", err
	}
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(text)) == peer {
			return filepath.Dir(name), nil
		}
	}
	return "", nil
}

// ErrKeyFile says that issuer keys in a home are not for its relay.
var ErrKeyFile = errors.New("the file issuer-keys.cbor in this home is not for this relay: get the right one from the network's operators, or remove it")

type keyFile struct {
	Version uint8                  `cbor:"1,keyasint"` // 1
	Peer    string                 `cbor:"2,keyasint"`
	Issuers []network.IssuerSecret `cbor:"3,keyasint"`
}

// maxKeyFile: five weeks' keys of 1.8 KB each, many times over.
const maxKeyFile = 256 << 10

// WriteKeys puts the new issuer keys of a relay into dir: its home, or a folder from which they are brought there.
func WriteKeys(dir, peer string, keys []network.IssuerSecret) (path string, err error) {
	data, err := wire.Marshal(keyFile{Version: 1, Peer: peer, Issuers: keys})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("write issuer keys: %w", err)
	}
	path = filepath.Join(dir, keyFileName)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("write issuer keys: %w", err)
	}
	_, err = file.Write(data)
	return path, errors.Join(err, file.Sync(), file.Close())
}

// takeKeys adds the keys of a key file in the home to the relay's own, and removes the file once they are stored.
func takeKeys(ctx context.Context, dir string, st *store.Store, secrets *network.RelayHome) error {
	path := filepath.Join(dir, keyFileName)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Size() > maxKeyFile {
		return ErrKeyFile
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var f keyFile
	if err := wire.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("%w (%w)", ErrKeyFile, err)
	}
	if f.Version != 1 || f.Peer != secrets.Peer {
		return ErrKeyFile
	}
	secrets.Add(f.Issuers)
	if _, err := secrets.PrivateKeys(); err != nil {
		return fmt.Errorf("%w (%w)", ErrKeyFile, err)
	}
	all, err := network.MarshalRelayHome(*secrets)
	if err != nil {
		return err
	}
	if err := st.Update(ctx, func(tx *store.Tx) error { return tx.Put(secretBucket, secretKey, all) }); err != nil {
		return err
	}
	return os.Remove(path)
}
