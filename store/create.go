package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// vacant says that no store is or was in the folder. A KEK file alone is what a crash while making one leaves.
func (f folder) vacant() bool {
	return !f.has(fileKeys) && !f.has(fileDB) && !f.has(fileCopy) && !f.has(fileSpare)
}

// Protection says what kind of secret the store in dir needs, so that a program knows whether to ask for a passphrase.
// KindNone when there is no store. It needs no secret and changes nothing. Errors: ErrMissing, ErrDamaged, ErrNewer, ErrReadOnly.
func Protection(dir string) (Kind, error) {
	o := Options{Dir: dir}
	f := o.folder()
	if f.vacant() {
		return KindNone, nil
	}
	name := fileKeys
	if !f.has(name) && f.has(fileSpare) {
		name = fileSpare
	}
	if !f.has(name) {
		return KindNone, &RefusedError{Reason: ErrMissing, File: f.path(fileKeys)}
	}
	data, err := f.read(name, maxKeyFile)
	if err != nil {
		return KindNone, err
	}
	k, err := parseKeyFile(data)
	return k.stretch.Kind, err
}

// create makes a new store. It exists from the moment at which the key file has its name; before that, what was made is removed at the
// next try, after that it is completed by accept.
func (f folder) create(role string, secret Secret, now time.Time) error {
	if len(role) > maxBucketName {
		return fmt.Errorf("role: %w", ErrLimit)
	}
	if err := secret.check(); err != nil {
		return err
	}
	body := newKeys(role, nil)
	id := identity{ID: body.ID, Role: role, Generation: body.Generation, At: now.Unix()}
	if err := f.build(body, id, nil); err != nil {
		return err
	}
	return f.found(body, secret)
}

// build makes store.db.new with an identity and what fill puts into it, and forces it to the disk.
func (f folder) build(body keyBody, id identity, fill func(*bbolt.DB) error) error {
	if err := f.remove(fileDB + unfinished); err != nil {
		return err
	}
	f.at("build")
	db, err := openBolt(f.path(fileDB+unfinished), 0, nil)
	if err != nil {
		return err
	}
	db.NoSync = true // one fsync at the end
	if fill != nil {
		err = fill(db)
	}
	if err == nil {
		err = db.Update(func(tx *bbolt.Tx) error { return putIdentity(tx, NewSealer([32]byte(body.Data)), id) })
	}
	if err == nil {
		err = db.Sync()
	}
	err = errors.Join(err, db.Close())
	if err != nil {
		return errors.Join(diskError("build store", err), f.remove(fileDB+unfinished))
	}
	f.at("built")
	return f.sync()
}

// putIdentity writes the store's own bucket.
func putIdentity(tx *bbolt.Tx, values Sealer, id identity) error {
	b, err := tx.CreateBucketIfNotExists([]byte(ownBucket))
	if err != nil {
		return err
	}
	sealed, err := id.seal(values)
	if err != nil {
		return err
	}
	if err := b.Put([]byte(keyID), id.ID); err != nil {
		return err
	}
	return b.Put([]byte(keyIdentity), sealed)
}

// found makes the store that was built exist.
func (f folder) found(body keyBody, secret Secret) error {
	raw, err := f.raw(secret, true)
	if err != nil {
		return err
	}
	k := &Keys{folder: f, durable: func() uint64 { return body.Generation }, stretch: newStretch(secret.kind)}
	if k.kek, err = k.stretch.key(secret, raw); err != nil {
		return err
	}
	defer k.close()
	if err := k.save(body.clone()); err != nil {
		return err
	}
	f.at("founded")
	if err := f.install(fileDB); err != nil {
		return err
	}
	return k.spare()
}

// loadKeys opens the key file.
func (f folder) loadKeys(secret Secret) (*Keys, error) {
	if !f.has(fileKeys) {
		if f.vacant() {
			return nil, ErrAbsent
		}
		return nil, f.refuse(fileKeys, ErrMissing, nil)
	}
	f.private(fileKeys)
	return f.loadKeyFile(fileKeys, secret)
}

// loadKeyFile opens the key file or its spare.
func (f folder) loadKeyFile(name string, secret Secret) (*Keys, error) {
	data, err := f.read(name, maxKeyFile)
	if err != nil {
		return nil, err
	}
	file, err := parseKeyFile(data)
	if errors.Is(err, ErrDamaged) {
		return nil, f.refuse(name, ErrDamaged, err)
	}
	if err != nil {
		return nil, err
	}
	k := &Keys{folder: f, durable: func() uint64 { return 0 }, stretch: file.stretch}
	if secret.kind != file.stretch.Kind {
		return nil, fmt.Errorf("%w: it is protected by a %s", ErrSecret, file.stretch.Kind)
	}
	raw, err := f.raw(secret, false)
	if err != nil {
		return nil, err
	}
	if k.kek, err = file.stretch.key(secret, raw); err != nil {
		return nil, err
	}
	k.body, err = file.open(k.kek)
	if errors.Is(err, ErrDamaged) {
		return nil, f.refuse(name, ErrDamaged, err)
	}
	return k, err
}

// renewSpare writes the spare key file where it is missing or does not open like the key file.
func (f folder) renewSpare(k *Keys) error {
	if f.has(fileSpare) {
		if data, err := f.read(fileSpare, maxKeyFile); err == nil {
			if file, err := parseKeyFile(data); err == nil {
				if _, err := file.open(k.kek); err == nil {
					return nil
				}
			}
		}
	}
	return k.saveSpare()
}

// accept completes an install that a crash interrupted and decides whether the store file is the one that keys belongs to.
func (f folder) accept(ctx context.Context, keys keyBody) (identity, error) {
	if !f.has(fileDB) && f.has(fileDB+unfinished) {
		id, err := f.inspectFile(ctx, fileDB+unfinished, keys)
		if err == nil && id.belongs(keys) == nil {
			if err := f.install(fileDB); err != nil {
				return identity{}, err
			}
		}
	}
	if err := f.tidy(); err != nil {
		return identity{}, err
	}
	id, err := f.inspectFile(ctx, fileDB, keys)
	if err == nil {
		err = id.belongs(keys)
	}
	for _, reason := range []error{ErrMissing, ErrEmpty, ErrForeign, ErrRolledBack, ErrDamaged} {
		if errors.Is(err, reason) {
			return identity{}, f.refuse(fileDB, reason, err)
		}
	}
	return id, err
}

// tidy removes what interrupted writes left behind. A store file that was built and not put in place counts only while there is no other.
func (f folder) tidy() error {
	for _, name := range []string{fileKeys, fileSpare, fileKEK} {
		if err := f.shred(name + unfinished); err != nil {
			return err
		}
	}
	if err := f.remove(fileCopy + unfinished); err != nil {
		return err
	}
	if f.has(fileDB) {
		return f.remove(fileDB + unfinished)
	}
	return nil
}
