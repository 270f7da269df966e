package disclosure

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"pieks/gossip/wire"
	nodehost "pieks/node/host"
	"pieks/node/host/hosttest"
)

// liar is a relay that answers what lie makes of a request.
func liar(t testing.TB, lie func(head) answer) host.Host {
	t.Helper()
	h := hosttest.New(t, hosttest.Key(80), hosttest.Loopback)
	h.SetStreamHandler(ProtocolID, func(s network.Stream) {
		defer s.Close()
		var req head
		if readPadded(s, headBytes, &req) != nil {
			return
		}
		if req.Kind == kindDeliver {
			_ = readPadded(s, authorisationBytes, &signature{})
		}
		_ = writePadded(s, answerSize(req.Kind), lie(req))
	})
	return h
}

// Case 54: the relay shows the professional the commitment of data of its own. Scanned, that is found before anything is signed; spoken, the
// patient's app finds it and does not post.
func TestRelayThatSwapsData(t *testing.T) {
	mine, evil := must(NewConsent([]byte("opaque"))), must(NewConsent([]byte("made up")))
	evil.Code = mine.Code
	var signed atomic.Pointer[[]byte] // what the professional delivered
	relay := liar(t, func(req head) answer {
		a := answer{Version: version}
		switch c := evil.Commitment(); req.Kind {
		case kindLookup:
			a.Commitment, a.Until = c[:], uint64(noon.Add(Lifetime).Unix())
		case kindCollect:
			a.CMS = *signed.Load()
		}
		return a
	})
	practice, patient := hosttest.New(t, nil, hosttest.Loopback), hosttest.New(t, nil, hosttest.Loopback)
	connect(t, practice, relay)
	connect(t, patient, relay)

	scanned := must(ParseCode(must(QR(relay.ID(), mine.Code, mine.Commitment()))))
	found, err := Lookup(hosttest.Within(t), practice, relay.ID(), scanned.Code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(t.Context(), lockedCard(t, "hba"), testRoots(), scanned, found, noon); !errors.Is(err, ErrSwapped) {
		t.Errorf("scanned: %v", err)
	}

	spoken := must(ParseCode(mine.Code.Words()))
	cms, err := Sign(t.Context(), physician(t), testRoots(), spoken, found, noon)
	if err != nil {
		t.Fatal(err)
	}
	signed.Store(&cms)
	got, err := Collect(hosttest.Within(t), patient, relay.ID(), mine)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Check(got, relay.ID(), testRoots(), noon); !errors.Is(err, ErrSwapped) {
		t.Errorf("spoken: %v", err)
	}
}

// A relay that hands out a signature of somebody else, or none.
func TestRelayThatSwapsSignatures(t *testing.T) {
	mine, other := must(NewConsent([]byte("opaque"))), must(NewConsent([]byte("other")))
	doctor := physician(t)
	sameDigits := other
	sameDigits.Code = mine.Code
	for name, c := range map[string]struct {
		cms  []byte
		want error
	}{
		"of another patient":      {rawSign(t, doctor, 80, other, noon, nil), ErrSwapped},
		"of the same digits":      {rawSign(t, doctor, 80, sameDigits, noon, nil), ErrSwapped},
		"of an earlier code":      {rawSign(t, doctor, 80, Consent{Data: mine.Data, Secret: mine.Secret, Code: mine.Code + 1}, noon, nil), ErrDigits},
		"of a card that it made":  {rawSign(t, virtualCard(t, foreignCA(), "hba", ""), 80, mine, noon, nil), ErrSignature},
		"of a practice's card":    {rawSign(t, virtualCard(t, testCA(), "smcb", ""), 80, mine, noon, nil), ErrPerson},
		"of half an hour ago":     {rawSign(t, doctor, 80, mine, noon.Add(-Lifetime), nil), ErrExpired},
		"that is no signature":    {[]byte("hello"), ErrSignature},
		"good, for another relay": {rawSign(t, doctor, 81, mine, noon, nil), ErrSwapped},
	} {
		relay := liar(t, func(head) answer { return answer{Version: version, CMS: c.cms} })
		patient := hosttest.New(t, nil, hosttest.Loopback)
		connect(t, patient, relay)
		got, err := Collect(hosttest.Within(t), patient, relay.ID(), mine)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := mine.Check(got, relay.ID(), testRoots(), noon); !errors.Is(err, c.want) {
			t.Errorf("a signature %s: %v", name, err)
		}
		_ = relay.Close()
	}
}

// Answers that no relay of this protocol gives are errors, not empty values.
func TestAnswersThatMakeNoSense(t *testing.T) {
	c := must(NewConsent([]byte("opaque")))
	for name, a := range map[string]answer{
		"no commitment":           {Version: version, Until: 1},
		"half a commitment":       {Version: version, Until: 1, Commitment: make([]byte, 16)},
		"no end":                  {Version: version, Commitment: make([]byte, 32)},
		"an end beyond time":      {Version: version, Commitment: make([]byte, 32), Until: 1 << 63},
		"lists for a lookup":      {Version: version, Commitment: make([]byte, 32), Until: 1, Lists: 1},
		"refusal with commitment": {Version: version, Status: StatusUnknown, Commitment: make([]byte, 32)},
	} {
		relay := liar(t, func(head) answer { return a })
		h := hosttest.New(t, nil, hosttest.Loopback)
		connect(t, h, relay)
		if _, err := Lookup(hosttest.Within(t), h, relay.ID(), c.Code); !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: %v", name, err)
		}
		_ = relay.Close()
	}
	for s := StatusMalformed; s <= StatusFailed; s++ {
		if err := checkAnswer(kindPost, answer{Version: version, Status: s}); !errors.Is(err, statusErrors[s]) || err == nil {
			t.Errorf("code %d: %v", s, err)
		}
	}
	if err := checkAnswer(kindPost, answer{Version: version, Status: 99}); !errors.Is(err, ErrFailed) {
		t.Errorf("unknown code: %v", err)
	}
	if err := checkAnswer(kindPost, answer{Version: 2}); !errors.Is(err, ErrVersion) {
		t.Errorf("version 2: %v", err)
	}
}

// What a stranger may send that is no message gets an answer or a reset, and the relay goes on.
func TestFormsThatAreRefused(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	h := r.dial(t)
	full := make([]byte, 32)
	for name, c := range map[string]struct {
		first head
		want  Status
	}{
		"version":          {head{Version: 2, Kind: kindRegister, Reference: "000000", Commitment: full}, StatusVersion},
		"kind":             {head{Version: 1, Kind: 9}, StatusMalformed},
		"no reference":     {head{Version: 1, Kind: kindRegister, Commitment: full}, StatusMalformed},
		"letters":          {head{Version: 1, Kind: kindRegister, Reference: "00000a", Commitment: full}, StatusMalformed},
		"five digits":      {head{Version: 1, Kind: kindRegister, Reference: "00000", Commitment: full}, StatusMalformed},
		"short commitment": {head{Version: 1, Kind: kindRegister, Reference: "000000", Commitment: full[:31]}, StatusMalformed},
		"dummy lookup":     {head{Version: 1, Kind: kindLookup, Reference: "000000", Dummy: true}, StatusMalformed},
	} {
		st, stop, err := nodehost.Stream(hosttest.Within(t), h, r.id(), ProtocolID, ServiceName, streamTimeout)
		if err != nil {
			t.Fatal(err)
		}
		if err := writePadded(st, headBytes, c.first); err != nil {
			t.Fatal(err)
		}
		var a answer
		if err := readPadded(st, answerSize(c.first.Kind), &a); err != nil || a.Status != c.want {
			t.Errorf("%s: code %d, %v", name, a.Status, err)
		}
		stop()
	}
	dirty := must(pad(headBytes, head{Version: 1, Kind: kindLists}))
	dirty[headBytes-1] = 1
	for name, frame := range map[string][]byte{"noise": bytesOf(0xff, headBytes), "short": make([]byte, 7), "dirty padding": dirty} {
		st, stop, err := nodehost.Stream(hosttest.Within(t), h, r.id(), ProtocolID, ServiceName, streamTimeout)
		if err != nil {
			t.Fatal(err)
		}
		if err := wire.WriteFrame(st, frame); err != nil {
			t.Fatal(err)
		}
		if _, err := readAnswer(st, kindRegister); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
		stop()
	}
	st, stop, err := nodehost.Stream(hosttest.Within(t), h, r.id(), ProtocolID, ServiceName, streamTimeout)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := wire.WriteFrame(st, make([]byte, headBytes+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := readAnswer(st, kindRegister); err == nil || errors.Is(err, ErrMalformed) {
		t.Errorf("a frame above the limit got an answer: %v", err)
	}
}
