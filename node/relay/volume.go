package relay

import (
	"context"
	"fmt"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

// volumeBucket holds the volume of the month, under one key.
var (
	volumeBucket = store.NewBucket("volume")
	volumeKey    = []byte("month")
)

// month is the volume of one month, UTC, since most hosters count so.
type month struct {
	Name  string `cbor:"1,keyasint"` // 2026-11
	Bytes uint64 `cbor:"2,keyasint"` // in and out together
}

func monthOf(t time.Time) string { return t.UTC().Format("2006-01") }

// monthEnd is when the month of t is over.
func monthEnd(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

// add counts bytes at a time; in another month than before they are the first.
func (m month) add(now time.Time, bytes uint64) month {
	if name := monthOf(now); m.Name != name {
		return month{Name: name, Bytes: bytes}
	}
	m.Bytes += bytes
	return m
}

// full says whether a quota is used up; a quota of 0 is none.
func (m month) full(quota uint64) bool { return quota > 0 && m.Bytes >= quota }

func loadMonth(st *store.Store) (m month, err error) {
	err = st.View(func(tx *store.Tx) error {
		data, err := tx.Get(volumeBucket, volumeKey)
		if err != nil || data == nil {
			return err
		}
		return wire.Unmarshal(data, &m)
	})
	if err != nil {
		return month{}, fmt.Errorf("read the volume of the month: %w", err)
	}
	return m, nil
}

func (m month) save(st *store.Store) error {
	data, err := wire.Marshal(m)
	if err != nil {
		return err
	}
	return st.Update(context.Background(), func(tx *store.Tx) error { return tx.Put(volumeBucket, volumeKey, data) })
}
