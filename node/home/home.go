package home

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"pieks/node/network"
	"pieks/store"
)

// Config says which folder to open and for which role.
type Config struct {
	Dir     string // the node's folder; made when it does not exist
	Role    string // practice, patient, relay: a home belongs to one role for good
	Network string // path of a network file; empty: the one that the home knows
	Secret  store.Secret
	Now     func() time.Time // nil is time.Now
	Log     *slog.Logger     // nil discards
}

// Home is an open folder. One process has it at a time.
type Home struct {
	Dir     string
	Role    string
	Store   *store.Store
	Network *network.Current
	Now     func() time.Time
	Log     *slog.Logger
	Started time.Time

	app    atomic.Pointer[App]
	secret store.Secret
	erase  atomic.Bool
}

// StoreDir is where a home keeps its store.
func StoreDir(dir string) string { return filepath.Join(dir, "store") }

// Open opens the folder, making a new store only where there was none, and hands the network file to the home.
func Open(ctx context.Context, cfg Config) (*Home, error) {
	var file []byte
	if cfg.Network != "" {
		if err := FinishErase(cfg.Dir, cfg.Secret); err != nil {
			return nil, err
		}
		var err error
		if file, err = readNetwork(cfg.Network); err != nil {
			return nil, err
		}
		if kind, err := store.Protection(StoreDir(cfg.Dir)); err == nil && kind == store.KindNone {
			if _, err := network.Verify(file); err != nil { // no home is made for a file that is none
				return nil, fmt.Errorf("take the network file: %w", err)
			}
		}
	}
	h, err := OpenFirst(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := h.Join(file); err != nil {
		return nil, errors.Join(err, h.Store.Close())
	}
	return h, nil
}

// OpenFirst opens the folder like Open, but hands no network file to the home: Join does. Until then its Network is nil and its store and keys are
// all that it has.
func OpenFirst(ctx context.Context, cfg Config) (*Home, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := FinishErase(cfg.Dir, cfg.Secret); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the home %s: %w", cfg.Dir, err)
	}
	st, err := store.Open(ctx, store.Options{
		Dir: StoreDir(cfg.Dir), Role: cfg.Role, Secret: cfg.Secret, Create: true, Now: cfg.Now, Log: cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	return &Home{Dir: cfg.Dir, Role: cfg.Role, Store: st, Now: cfg.Now, Log: cfg.Log, Started: cfg.Now(), secret: cfg.Secret}, nil
}

// Close closes the store, and deletes it when Erase was called.
func (h *Home) Close() error {
	err := h.Store.Close()
	if h.erase.Load() {
		return errors.Join(err, FinishErase(h.Dir, h.secret))
	}
	return err
}

// Join has the home go by a network file, or with nil by the one that it knows: network.ErrNone when it knows none. The file is on disk when it
// returns.
func (h *Home) Join(file []byte) error {
	current, err := network.NewCurrent(network.CurrentConfig{Memory: memory{h.Store}, Now: h.Now, Log: h.Log})
	if err != nil {
		return err
	}
	if file != nil {
		_, err := current.Offer(file)
		switch known := current.Get() != nil; {
		case errors.Is(err, network.ErrRolledBack), known && errors.Is(err, network.ErrExpired):
			// A service is started with the same old file each time, and the home has learnt of a newer one meanwhile.
			h.Log.Warn("the network file that was given is not used", "reason", err)
		case err != nil:
			return fmt.Errorf("take the network file: %w", err)
		}
	}
	if current.Get() == nil {
		return network.ErrNone
	}
	h.Network = current
	return nil
}

// maxNetworkFile is above the bundle's own limit, so that a larger file gets the bundle's own sentence.
const maxNetworkFile = 2 << 20

func readNetwork(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the network file: %w", err)
	}
	if info.Size() > maxNetworkFile {
		return nil, network.ErrSize
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the network file: %w", err)
	}
	return data, nil
}

var (
	networkBucket = store.NewBucket("network")
	keyBucket     = store.NewBucket("keys")
	bundleKey     = []byte("bundle")
)

// memory keeps the network file in the store.
type memory struct{ store *store.Store }

func (m memory) Load() (data []byte, err error) {
	err = m.store.View(func(tx *store.Tx) error {
		data, err = tx.Get(networkBucket, bundleKey)
		return err
	})
	return data, err
}

func (m memory) Save(data []byte) error {
	return m.store.Update(context.Background(), func(tx *store.Tx) error {
		return tx.Put(networkBucket, bundleKey, data)
	})
}

// SigningKey is the home's long-lived Ed25519 key of this name, made when it is first asked for.
func (h *Home) SigningKey(ctx context.Context, name string) (ed25519.PrivateKey, error) {
	seed, err := h.kept(ctx, name, func() ([]byte, error) {
		seed := make([]byte, ed25519.SeedSize)
		_, err := rand.Read(seed)
		return seed, err
	})
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("key %s in the store has %d bytes", name, len(seed))
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// SealingKey is the home's long-lived X25519 key of this name, made when it is first asked for.
func (h *Home) SealingKey(ctx context.Context, name string) (*ecdh.PrivateKey, error) {
	raw, err := h.kept(ctx, name, func() ([]byte, error) {
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return key.Bytes(), nil
	})
	if err != nil {
		return nil, err
	}
	return ecdh.X25519().NewPrivateKey(raw)
}

func (h *Home) kept(ctx context.Context, name string, make func() ([]byte, error)) (secret []byte, err error) {
	err = h.Store.Update(ctx, func(tx *store.Tx) error {
		var err error
		if secret, err = tx.Get(keyBucket, []byte(name)); err != nil || secret != nil {
			return err
		}
		if secret, err = make(); err != nil {
			return err
		}
		return tx.Put(keyBucket, []byte(name), secret)
	})
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	return secret, nil
}
