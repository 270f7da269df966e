package relay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"pieks/node/home"
	"pieks/node/network"
	"pieks/store"
)

// ErrNotPrepared says that a home holds no relay's keys.
var ErrNotPrepared = errors.New("this home holds no relay's keys: make it with pieks network init, or ask the network's operators for yours")

// ErrPrepared says that a home holds a relay's keys already.
var ErrPrepared = errors.New("this home holds a relay's keys already, which stay as they are: choose another folder")

var (
	secretBucket = store.NewBucket("relay")
	secretKey    = []byte("home")
)

// Prepare makes the home of a relay in an empty folder and puts its keys there.
func Prepare(ctx context.Context, dir string, secrets network.RelayHome, secret store.Secret) error {
	data, err := network.MarshalRelayHome(secrets)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, store.Options{Dir: home.StoreDir(dir), Role: role, Secret: secret, Create: true})
	if err != nil {
		return fmt.Errorf("make the relay's home %s: %w", dir, err)
	}
	err = st.Update(ctx, func(tx *store.Tx) error {
		if held, err := tx.Get(secretBucket, secretKey); err != nil || held != nil {
			return errors.Join(err, ErrPrepared)
		}
		return tx.Put(secretBucket, secretKey, data)
	})
	if err == nil {
		// Public, so that new keys find their relay while its store is locked.
		err = os.WriteFile(filepath.Join(dir, peerFileName), []byte(secrets.Peer+"\n"), 0o600)
	}
	return errors.Join(err, st.Close())
}

func loadSecrets(st *store.Store) (*network.RelayHome, error) {
	var data []byte
	err := st.View(func(tx *store.Tx) error {
		var err error
		data, err = tx.Get(secretBucket, secretKey)
		return err
	})
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, ErrNotPrepared
	}
	return network.ParseRelayHome(data)
}
