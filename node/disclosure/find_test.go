package disclosure

import (
	"errors"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/host/hosttest"
)

// A practice with two relays finds the patient's, and does not guess where two patients have the same digits.
func TestFindAsksWhereTheCodeCanBe(t *testing.T) {
	a, b := newRelay(t, t.TempDir(), 70, nil), newRelay(t, t.TempDir(), 71, nil)
	practice := a.practice(t)
	connect(t, practice, b.host)
	b.set(func(r *testRelay) { r.known[practice.ID()] = true })
	relays := []peer.ID{a.id(), b.id(), peerOf(hosttest.Key(99))} // the third is away
	mine := must(NewConsent([]byte("opaque")))
	if _, err := Find(hosttest.Within(t), practice, relays, Scanned{Code: mine.Code}); !errors.Is(err, ErrUnknown) {
		t.Errorf("nobody knows it: %v", err)
	}
	if _, err := Register(hosttest.Within(t), b.dial(t), b.id(), mine); err != nil {
		t.Fatal(err)
	}
	found, err := Find(hosttest.Within(t), practice, relays, Scanned{Code: mine.Code})
	if err != nil || found.Relay != b.id() || found.Commitment != mine.Commitment() {
		t.Errorf("one knows it: %v", err)
	}
	rival := must(NewConsent([]byte("rival")))
	rival.Code = mine.Code
	if _, err := Register(hosttest.Within(t), a.dial(t), a.id(), rival); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(hosttest.Within(t), practice, relays, Scanned{Code: mine.Code}); !errors.Is(err, ErrTwo) {
		t.Errorf("two know it: %v", err)
	}
	scanned := must(ParseCode(must(QR(a.id(), rival.Code, rival.Commitment()))))
	if found, err := Find(hosttest.Within(t), practice, relays, scanned); err != nil || found.Commitment != rival.Commitment() {
		t.Errorf("by QR code: %v", err)
	}
	if _, err := Find(hosttest.Within(t), practice, relays[2:], Scanned{Code: mine.Code}); err == nil || errors.Is(err, ErrUnknown) {
		t.Errorf("no relay answers: %v", err)
	}
	if _, err := Find(hosttest.Within(t), practice, nil, Scanned{Code: mine.Code}); !errors.Is(err, ErrUnknown) {
		t.Errorf("no relay at all: %v", err)
	}
}
