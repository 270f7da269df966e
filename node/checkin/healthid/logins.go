package healthid

import (
	"sync"
	"time"
)

// login is one that was begun: what its end has to fit to.
type login struct {
	issuer, redirect, nonce string
	verifier                string // PKCE
	until                   time.Time
}

// logins are those that were begun, by state. Each is good once.
type logins struct {
	mu    sync.Mutex
	begun map[string]login
}

// put keeps one; the oldest makes room.
func (l *logins) put(state string, one login, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun == nil {
		l.begun = map[string]login{}
	}
	oldest := ""
	for s, o := range l.begun {
		if !now.Before(o.until) {
			delete(l.begun, s)
		} else if oldest == "" || o.until.Before(l.begun[oldest].until) {
			oldest = s
		}
	}
	if len(l.begun) >= maxLogins {
		delete(l.begun, oldest)
	}
	l.begun[state] = one
}

// take gives one and forgets it, whatever becomes of it.
func (l *logins) take(state string, now time.Time) (login, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.begun[state]
	delete(l.begun, state)
	if !ok || !now.Before(one.until) {
		return login{}, ErrState
	}
	return one, nil
}
