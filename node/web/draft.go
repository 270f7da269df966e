package web

import (
	"sync"
	"time"
)

// drafts are what people have begun in a browser: searches and forms that are not sent. They live in memory only.
type drafts struct {
	now func() time.Time
	mu  sync.Mutex
	all map[[32]byte]*Draft
}

// Draft is what one session has begun, by the name of what it is.
type Draft struct {
	mu     sync.Mutex
	used   time.Time
	values map[string]any
}

func (d *drafts) of(s session) *Draft {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, draft := range d.all {
		if now.Sub(draft.used) > draftLife {
			delete(d.all, key)
		}
	}
	draft := d.all[s.key]
	if draft == nil {
		draft = &Draft{values: map[string]any{}}
		if d.all == nil {
			d.all = map[[32]byte]*Draft{}
		}
		d.all[s.key] = draft
	}
	draft.used = now
	return draft
}

func (d *drafts) forget(s session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, s.key)
}

// Put keeps a value until the session ends or for half a day without use.
func (d *Draft) Put(name string, value any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.values[name] = value
}

// Drop forgets a value.
func (d *Draft) Drop(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.values, name)
}

// Taken is the value of a name, which is forgotten with it: of two requests that come at once only one gets it.
func Taken[T any](d *Draft, name string) (T, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	value, ok := d.values[name].(T)
	delete(d.values, name)
	return value, ok
}

// Kept is the value of a name, or none when there is none of this type.
func Kept[T any](d *Draft, name string) (T, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	value, ok := d.values[name].(T)
	return value, ok
}
