// Package store keeps what a node must not lose: one sealed bbolt file and one key file in a folder.
//
// # Use
//
//	s, err := store.Open(ctx, store.Options{Dir: home, Role: "practice", Secret: store.Passphrase(p), Create: true})
//	bookings := store.NewBucket("bookings")
//	err = s.Update(ctx, func(tx *store.Tx) error { return tx.Put(bookings, id, value) })
//	err = s.View(func(tx *store.Tx) error { value, err = tx.Get(bookings, id); return err })
//
// Update returns nil only after the write was forced to the disk (fsync). Calls that wait share one
// transaction and one fsync, so 64 callers at once cost about as much as one.
//
// # Files in the folder
//
//	store.db      bbolt file; every value is sealed
//	store.keys    key file: data key, index key, one-time keys by epoch, identity; sealed under the secret
//	store.spare   the same without the one-time keys, for the day on which store.keys cannot be read
//	store.kek     only with KeyFile: the random key that seals the two above, mode 0600
//	store.copy    hourly copy of store.db, checked before it replaces the last one
//	store.lock    locked while a process has the store open
//	*.new         unfinished; removed or completed at the next Open
//	quarantine/   copies of files that were refused, named by what they contain
//
// # Sealed values
//
//	sealed value = version (1) | nonce (24, random) | XChaCha20-Poly1305(value), AAD = bucket | 0 | key on disk | version
//
// so that a value opens only where it was put. Keys of hidden buckets are HMAC-SHA256(index key, "bucket" 0 bucket 0 key).
// Bucket names, the number and the lengths of values are not hidden.
//
// A deleted or replaced value may stay in a free page of store.db until the page is used again, sealed under the data
// key. What must become unreadable at a given time is sealed under an epoch secret too (Keys, Sealer), and that is erased.
//
// # Key file
//
//	"PIEKSKEY" | version (1) | length of header (2, big endian) | header (CBOR) | nonce (24) | sealed body (CBOR) | checksum (8)
//	header = {1: kind of secret, 2: Argon2 passes, 3: Argon2 KiB, 4: Argon2 lanes, 5: salt (16)}
//	body   = {1: store id (16), 2: role, 3: data key (32), 4: index key (32), 5: generation, 6: [{1: epoch, 2: name, 3: secret}]}
//
// The body is XChaCha20-Poly1305 under the key-encryption key (KEK), AAD = all bytes before the nonce. The checksum, the
// first 8 bytes of SHA-256 over all before it, tells a damaged file from a wrong passphrase. KEK: Argon2id of the
// passphrase, or 32 random bytes in the keyring of the operating system or in store.kek.
//
// The file is replaced as a whole: written beside, fsync, rename, fsync of the folder; then the replaced
// content is overwritten in place. Remnants that a file system or an SSD keeps elsewhere are sealed under the KEK, not gone.
//
// # Identity, generation and crashes
//
// store.db holds a sealed identity record {id, role, schema, generation, time}. Each commit raises the generation in the same
// transaction. The key file mirrors it later, and only a generation that is already on the disk, so at every moment
//
//	generation in store.keys <= generation in store.db
//
// whatever write a crash falls between. A store.db below the key file's generation is an older copy: ErrRolledBack. The mirror
// is brought up to date at Open, at Close, with each change of one-time keys, after each hot copy and every minute, so an older copy
// goes unnoticed only when it is younger than that. Both files of an older state together cannot be told from the true ones.
//
// A new store is built as store.db.new; the key file's rename is the moment from which it exists; the rename to store.db follows and is made up
// for at the next Open. Restore works in the same way.
//
// # When something is wrong
//
// Open checks the whole file before bbolt sees it (package boltfile: structure and bounds; then every seal) and refuses with one of the errors
// below. Nothing is repaired or created behind the user's back: the refused file stays where it is, a copy goes
// to quarantine/, and the message says where. Restore makes a store from a backup; Recover puts the hourly copy in place.
//
// # Backup
//
// A backup is one file under its own passphrase, see backup.go for the format. It holds every value but no one-time key:
// what was sealed under an epoch secret stays closed after a restore.
package store
