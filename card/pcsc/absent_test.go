//go:build !pcsc

package pcsc

import (
	"errors"
	"testing"
)

func TestNotBuilt(t *testing.T) {
	_, list := Readers(t.Context())
	conn, open := Open(t.Context(), "")
	_, card := WaitForCard(t.Context(), "")
	_, transmit := conn.Transmit(t.Context(), []byte{0, 0, 0, 0})
	for doing, err := range map[string]error{
		"list": list, "open": open, "wait for a card": card, "wait for removal": WaitForRemoval(t.Context(), ""),
		"transmit": transmit, "reset": conn.Reset(t.Context()),
	} {
		if !errors.Is(err, ErrNotBuilt) {
			t.Errorf("%s: %v", doing, err)
		}
	}
	if conn != nil || conn.Close() != nil || conn.ATR() != nil || conn.Reader().HasCard() {
		t.Error("there is a card")
	}
}
