package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

// Person says what somebody who is let in may see and do.
type Person uint8

// The persons. A doctor is the practice itself: everything. An assistant gives out and looks after appointments, and sees no settings,
// export or backup. An owner is whom a patient's node or a relay belongs to.
const (
	Owner     Person = 1
	Doctor    Person = 2
	Assistant Person = 3
)

var personNames = map[Person]string{Owner: "owner", Doctor: "doctor", Assistant: "assistant"}

func (p Person) String() string { return personNames[p] }

// ErrPerson says that an app has no such person.
var ErrPerson = errors.New("at a practice a link is for a doctor or an assistant, elsewhere for its owner")

// session is a browser that was let in.
type session struct {
	key    [32]byte // SHA-256 of the cookie: its name in the store
	cookie string
	person Person
	used   time.Time
}

// csrf is the token that each form of a session carries.
func (s session) csrf() string {
	h := sha256.Sum256([]byte("pieks csrf " + s.cookie))
	return base64.RawURLEncoding.EncodeToString(h[:16])
}

var sessionBucket = store.NewBucket("web/sessions")

type sessionRecord struct {
	Person Person `cbor:"1,keyasint"`
	Used   uint64 `cbor:"2,keyasint"` // unix seconds
}

// sessions are kept as hashes, so that a copy of the store lets nobody in.
type sessions struct {
	store *store.Store
	now   func() time.Time

	mu    sync.Mutex
	links map[[32]byte]link
}

type link struct {
	person Person
	until  time.Time
}

func openSessions(st *store.Store, now func() time.Time) *sessions {
	st.Retain(sessionBucket, func(_, value []byte, now time.Time) bool {
		var r sessionRecord
		return wire.Unmarshal(value, &r) == nil && now.Before(time.Unix(int64(r.Used), 0).Add(sessionLife))
	})
	return &sessions{store: st, now: now, links: map[[32]byte]link{}}
}

func newSecret() string {
	var raw [16]byte
	rand.Read(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// link makes a link's secret and says until when it is good.
func (s *sessions) link(p Person) (secret string, until time.Time) {
	secret, until = newSecret(), s.now().Add(linkLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.links) >= maxLinks { // the oldest makes room
		var oldest [32]byte
		first := time.Time{}
		for key, l := range s.links {
			if first.IsZero() || l.until.Before(first) {
				oldest, first = key, l.until
			}
		}
		delete(s.links, oldest)
	}
	s.links[sha256.Sum256([]byte(secret))] = link{p, until}
	return secret, until
}

// follow uses a link up and makes a session of it.
func (s *sessions) follow(ctx context.Context, secret string) (session, bool, error) {
	l, ok := s.spend(secret)
	now := s.now()
	if !ok || !now.Before(l.until) {
		return session{}, false, nil
	}
	made := session{cookie: newSecret(), person: l.person, used: now}
	made.key = sha256.Sum256([]byte(made.cookie))
	return made, true, s.write(ctx, made)
}

// spend uses a link up.
func (s *sessions) spend(secret string) (link, bool) {
	key := sha256.Sum256([]byte(secret))
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.links[key]
	delete(s.links, key)
	return l, ok
}

func (s *sessions) write(ctx context.Context, made session) error {
	data, err := wire.Marshal(sessionRecord{Person: made.person, Used: uint64(made.used.Unix())})
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *store.Tx) error {
		if err := forgetOldest(tx, made.key); err != nil {
			return err
		}
		return tx.Put(sessionBucket, made.key[:], data)
	})
}

// forgetOldest keeps the sessions below their limit.
func forgetOldest(tx *store.Tx, keep [32]byte) error {
	type used struct {
		key []byte
		at  uint64
	}
	var all []used
	err := tx.Each(sessionBucket, func(key, value []byte) error {
		var r sessionRecord
		if err := wire.Unmarshal(value, &r); err != nil {
			return err
		}
		if [32]byte(key) != keep {
			all = append(all, used{slices.Clone(key), r.Used})
		}
		return nil
	})
	if err != nil || len(all) < maxSessions {
		return err
	}
	slices.SortFunc(all, func(a, b used) int { return int(int64(a.at) - int64(b.at)) })
	for _, u := range all[:len(all)-maxSessions+1] {
		if err := tx.Delete(sessionBucket, u.key); err != nil {
			return err
		}
	}
	return nil
}

// of finds the session of a request.
func (s *sessions) of(r *http.Request, cookie string) (found session, ok bool) {
	c, err := r.Cookie(cookie)
	if err != nil || len(c.Value) != 22 {
		return session{}, false
	}
	key := sha256.Sum256([]byte(c.Value))
	var record sessionRecord
	err = s.store.View(func(tx *store.Tx) error {
		data, err := tx.Get(sessionBucket, key[:])
		if err != nil || data == nil {
			return errors.Join(err, errNoSession)
		}
		return wire.Unmarshal(data, &record)
	})
	now := s.now()
	used := time.Unix(int64(record.Used), 0)
	if err != nil || now.After(used.Add(sessionLife)) {
		return session{}, false
	}
	found = session{key: key, cookie: c.Value, person: record.Person, used: used}
	if now.Sub(used) > sessionNoted {
		found.used = now
		_ = s.write(r.Context(), found) // a read-only store still shows its pages
	}
	return found, true
}

var errNoSession = errors.New("no such session")

// end forgets a session, or all of them but the one that is named.
func (s *sessions) end(ctx context.Context, one session) error {
	return s.store.Update(ctx, func(tx *store.Tx) error { return tx.Delete(sessionBucket, one.key[:]) })
}

func (s *sessions) endOthers(ctx context.Context, but session) (ended int, err error) {
	s.mu.Lock()
	clear(s.links)
	s.mu.Unlock()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		return tx.Each(sessionBucket, func(key, _ []byte) error {
			if [32]byte(key) == but.key {
				return nil
			}
			ended++
			return tx.Delete(sessionBucket, key)
		})
	})
	return ended, err
}
