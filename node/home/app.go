package home

import (
	"context"
	"encoding/binary"
	"time"

	"pieks/node/control"
	"pieks/store"
)

// App is a node's app in the browser, as package web serves it. The zero value is none.
type App struct {
	URL  string
	Link func(person string) (control.Opened, error)
}

// SetApp says where the app is, for status and pieks open.
func (h *Home) SetApp(a App) { h.app.Store(&a) }

func (h *Home) appURL() string {
	if a := h.app.Load(); a != nil {
		return a.URL
	}
	return ""
}

// open makes a link that opens the app once.
func (h *Home) open(_ context.Context, in control.OpenRequest) (control.Opened, error) {
	a := h.app.Load()
	if a == nil || a.Link == nil {
		return control.Opened{}, control.Errorf(control.KindUnavailable, "This node shows no app: start it without --no-app.")
	}
	return a.Link(in.Person)
}

var (
	careBucket  = store.NewBucket("care")
	backedUpKey = []byte("backed up")
)

// noteBackup writes down that a backup was made now.
func (h *Home) noteBackup(ctx context.Context) error {
	return h.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.Put(careBucket, backedUpKey, binary.BigEndian.AppendUint64(nil, uint64(h.Now().Unix())))
	})
}

// backedUp is when the newest backup was made, zero for never.
func (h *Home) backedUp() (at time.Time) {
	_ = h.Store.View(func(tx *store.Tx) error {
		data, err := tx.Get(careBucket, backedUpKey)
		if err == nil && len(data) == 8 {
			at = time.Unix(int64(binary.BigEndian.Uint64(data)), 0).UTC()
		}
		return err
	})
	return at
}
