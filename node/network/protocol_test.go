package network

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	p2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
)

func loopback(t testing.TB) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/quic-v1"), libp2p.DisableMetrics(), libp2p.DisableRelay())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func connect(t testing.TB, from, to host.Host) {
	t.Helper()
	if err := from.Connect(t.Context(), peer.AddrInfo{ID: to.ID(), Addrs: to.Addrs()}); err != nil {
		t.Fatal(err)
	}
}

func TestFetchOverLoopback(t *testing.T) {
	made := fixtureOf(t)
	for name, c := range map[string]struct {
		theirs, mine []byte
		accepted     bool
		want         error
	}{
		"newer":           {next(t, 7), made.Signed, true, nil},
		"same":            {made.Signed, made.Signed, false, nil},
		"older":           {made.Signed, next(t, 2), false, nil},
		"foreign":         {foreign(t, 9), made.Signed, false, ErrForeign},
		"they have none":  {nil, made.Signed, false, nil},
		"I have none":     {made.Signed, nil, false, ErrNone},
		"neither has one": {nil, nil, false, ErrNone},
	} {
		t.Run(name, func(t *testing.T) {
			relay, node := loopback(t), loopback(t)
			connect(t, node, relay)
			theirs, mine := currentOf(t, nil), currentOf(t, new(shelf))
			if c.theirs != nil {
				theirs = currentOf(t, nil, c.theirs)
			}
			if c.mine != nil {
				mine = currentOf(t, new(shelf), c.mine)
			}
			stop := Serve(relay, theirs)
			defer stop()
			before := mine.Get()
			ok, err := Fetch(t.Context(), node, relay.ID(), mine)
			if ok != c.accepted || !errors.Is(err, c.want) {
				t.Fatalf("%v %v, want %v %v", ok, err, c.accepted, c.want)
			}
			if c.accepted != (mine.Get() != before) || c.accepted && !bytes.Equal(mine.Signed(), c.theirs) {
				t.Errorf("holds number %d", mine.Get().Number)
			}
		})
	}
}

func TestWhatIsAnswered(t *testing.T) {
	id := fixtureOf(t).Bundle.ID()
	c := currentOf(t, nil, next(t, 5))
	for name, want := range map[request]code{
		{1, id, 4}:                 codeFile,
		{1, id, 0}:                 codeFile,
		{1, id, 5}:                 codeNothing,
		{1, id, 6}:                 codeNothing,
		{1, "0123456789abcdef", 4}: codeForeign,
		{1, "", 4}:                 codeForeign,
		{2, id, 4}:                 codeVersion,
		{0, id, 4}:                 codeVersion,
	} {
		frame, err := c.answerTo(name)
		if err != nil {
			t.Fatal(err)
		}
		var got answer
		if err := wire.ReadObject(bytes.NewReader(frame), maxAnswer, &got); err != nil {
			t.Fatal(err)
		}
		if got.Version != 1 || got.Code != want || (want == codeFile) != bytes.Equal(got.File, c.Signed()) {
			t.Errorf("%+v: code %d with %d bytes, want %d", name, got.Code, len(got.File), want)
		}
	}
}

// TestFetchFromAFaultyRelay: a relay cannot make a node crash, wait for ever, step back or take up what the operators did not sign.
func TestFetchFromAFaultyRelay(t *testing.T) {
	forged := bytes.Clone(next(t, 7))
	forged[len(forged)/2] ^= 1
	object := func(a answer) []byte {
		frame, err := frameOf(a)
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}
	for name, c := range map[string]struct {
		answer []byte
		want   error
	}{
		"a newer file":           {object(answer{1, codeFile, next(t, 7)}), nil},
		"a rolled back file":     {object(answer{1, codeFile, next(t, 1)}), ErrRolledBack},
		"a forged file":          {object(answer{1, codeFile, forged}), nil /* form or signature, by where the bit is */},
		"no file":                {object(answer{1, codeFile, nil}), ErrAnswer},
		"a file with nothing":    {object(answer{1, codeNothing, next(t, 7)}), ErrAnswer},
		"an unknown code":        {object(answer{1, 9, nil}), ErrAnswer},
		"an unknown version":     {object(answer{2, codeNothing, nil}), ErrAnswer},
		"it knows us not":        {object(answer{1, codeVersion, nil}), ErrAnswer},
		"another network":        {object(answer{1, codeForeign, nil}), ErrForeign},
		"hang up":                {nil, ErrAnswer},
		"half a frame":           {object(answer{1, codeFile, next(t, 7)})[:1000], ErrAnswer},
		"no CBOR":                {[]byte{0, 0, 0, 3, 1, 2, 3}, ErrAnswer},
		"four gigabytes":         {[]byte{0xff, 0xff, 0xff, 0xff, 0}, ErrAnswer},
		"a frame of two objects": {append([]byte{0, 0, 0, 12}, bytes.Repeat(object(answer{1, codeNothing, nil})[4:], 2)...), ErrAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			relay, node := loopback(t), loopback(t)
			connect(t, node, relay)
			relay.SetStreamHandler(ID, func(s p2pnet.Stream) {
				_, _ = wire.ReadFrame(s, maxRequest)
				_, _ = s.Write(c.answer)
				_ = s.Close()
			})
			mine := currentOf(t, nil, next(t, 2))
			ok, err := Fetch(t.Context(), node, relay.ID(), mine)
			if accepted := name == "a newer file"; ok != accepted || (err == nil) != accepted || !errors.Is(err, c.want) && c.want != nil {
				t.Fatalf("%v %v, want %v", ok, err, c.want)
			}
			if !ok && mine.Get().Number != 2 {
				t.Errorf("holds number %d", mine.Get().Number)
			}
		})
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	relay, node := loopback(t), loopback(t)
	connect(t, node, relay)
	ctx, cancel := context.WithCancel(t.Context())
	hang := make(chan struct{})
	defer close(hang)
	relay.SetStreamHandler(ID, func(s p2pnet.Stream) {
		_, _ = wire.ReadFrame(s, maxRequest)
		cancel()
		<-hang
		_ = s.Reset()
	})
	if _, err := Fetch(ctx, node, relay.ID(), currentOf(t, nil, fixtureOf(t).Signed)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestServeRefusesBadRequests(t *testing.T) {
	relay, node := loopback(t), loopback(t)
	connect(t, node, relay)
	stop := Serve(relay, currentOf(t, nil, fixtureOf(t).Signed))
	send := func(data []byte) (answer, error) {
		s, err := node.NewStream(t.Context(), relay.ID(), ID)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := s.Write(data); err != nil {
			t.Fatal(err)
		}
		_ = s.CloseWrite()
		var got answer
		return got, wire.ReadObject(s, maxAnswer, &got)
	}
	for name, data := range map[string][]byte{
		"nothing":   nil,
		"no CBOR":   {0, 0, 0, 2, 0xff, 0xff},
		"too large": append([]byte{0, 0, 1, 0}, make([]byte, 256)...),
		"cut":       {0, 0, 0, 9, 0xa3},
	} {
		if got, err := send(data); err == nil {
			t.Errorf("%s: answered %+v", name, got)
		}
	}
	var frame bytes.Buffer
	if err := wire.WriteObject(&frame, request{Version: 2, Network: fixtureOf(t).Bundle.ID()}); err != nil {
		t.Fatal(err)
	}
	if got, err := send(frame.Bytes()); err != nil || got.Code != codeVersion {
		t.Errorf("version 2: %+v %v", got, err)
	}
	stop()
	if s, err := node.NewStream(t.Context(), relay.ID(), ID); err == nil {
		// The dialer may learn only when it reads that nobody serves any more.
		_ = s.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = s.Write(frame.Bytes())
		if _, err := io.ReadFull(s, make([]byte, 1)); err == nil {
			t.Error("served after stop")
		}
	}
}
