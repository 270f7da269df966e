//go:build unix

package main

import (
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/card/pcsc/pcscd"
	"pieks/node/web/reception"
)

// TestCardDeskIsForOne: the terminal and the app do not work with a card at once; the second is told so before any reader is touched.
func TestCardDeskIsForOne(t *testing.T) {
	var d cardDesk
	d.mu.Lock()
	if _, err := d.use(t.Context(), "", nil); !errors.Is(err, reception.ErrBusy) {
		t.Errorf("the second got %v", err)
	}
	d.mu.Unlock()
}

// TestAppCards: what the pages see of real readers, and that they are told when a card comes or goes.
func TestAppCards(t *testing.T) {
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		changed := make(chan struct{}, 99)
		desk := &cardDesk{}
		cards := openCards(desk, func() { changed <- struct{}{} })
		if cards == nil {
			t.Fatal("built without readers")
		}
		defer cards.Close()
		see := func() []reception.Reader {
			t.Helper()
			list, err := cards.Readers(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		told := func(what string) {
			t.Helper()
			select {
			case <-changed:
			case <-time.After(20 * time.Second):
				t.Fatalf("pages are not told that %s", what)
			}
		}
		if list := see(); len(list) != 2 || list[0].Name != d.Reader(0) || list[0].Card != nil || list[0].Err != nil {
			t.Errorf("%+v", list)
		}
		v, _, err := card.NewVirtualOf(card.SMCB, card.VirtualOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d.Insert(0, v)
		told("a card came")
		desk.mu.Lock() // the terminal works with a card
		if list := see(); !errors.Is(list[0].Err, reception.ErrBusy) {
			t.Errorf("%+v", list[0])
		}
		desk.mu.Unlock()
		if list := see(); list[0].Card == nil || list[0].Card.PINTries != 3 || len(list[0].Card.Certificate) == 0 {
			t.Errorf("%+v", list[0])
		}
		desk.mu.Lock() // what was read once is not read again
		if list := see(); list[0].Card == nil {
			t.Errorf("%+v", list[0])
		}
		desk.mu.Unlock()

		// A wrong PIN is tried once, and the tries that are left are seen.
		s := card.Statement{Version: card.StatementVersion, Device: [32]byte{1}, Sealing: [32]byte{2}, Name: "Praxis", Street: "Domstr. 1", PLZ: "50667", Place: "Köln",
			NotBefore: uint64(time.Now().Add(-time.Minute).Unix()), NotAfter: uint64(time.Now().Add(time.Hour).Unix())}
		_, err = cards.Sign(t.Context(), d.Reader(0), "864201", s)
		if wrong, ok := errors.AsType[*card.PINError](err); !ok || wrong.Tries != 2 {
			t.Errorf("a wrong PIN: %v", err)
		}
		if list := see(); list[0].Card == nil || list[0].Card.PINTries != 2 {
			t.Errorf("%+v", list[0])
		}
		if cms, err := cards.Sign(t.Context(), d.Reader(0), card.VirtualPIN, s); err != nil || len(cms) == 0 {
			t.Errorf("the right PIN: %v", err)
		}
		if _, err := cards.Sign(t.Context(), d.Reader(1), card.VirtualPIN, s); !errors.Is(err, pcsc.ErrNoCard) {
			t.Errorf("an empty reader: %v", err)
		}
		d.Remove(0)
		told("a card went")
		if list := see(); list[0].Card != nil {
			t.Errorf("%+v", list[0])
		}
		d.Stop()
		if _, err := cards.Readers(t.Context()); !errors.Is(err, pcsc.ErrNoService) {
			t.Errorf("without the service: %v", err)
		}
		told("the service went")
	})
}
