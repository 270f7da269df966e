package service_test

import (
	"testing"
	"time"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/keys"
)

// TestFetchedKeys: a practice verifies with the keys that it fetched, while the service is there and after.
func TestFetchedKeys(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	token, err := w.practice.Generate(t.Context(), cardA(t), true)
	if err != nil {
		t.Fatal(err)
	}
	source, err := keys.New(keys.Config{Service: w.url, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Verify(t.Context(), token, popp.Rules{At: w.now(), Actor: practiceID}); err != nil {
		t.Fatal(err)
	}
	w.stop()
	w.add(23 * time.Hour)
	kept, err := keys.New(keys.Config{Service: w.url, Now: w.now, Kept: source.Kept()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Verify(t.Context(), token, popp.Rules{At: w.now(), Actor: practiceID}); err != nil {
		t.Fatal(err)
	}
}
