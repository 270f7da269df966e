package gossip

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
)

// relayKey is the identity of the n-th test relay.
func relayKey(n byte) (ed25519.PrivateKey, peer.ID) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32))
	pub := must(crypto.UnmarshalEd25519PublicKey(key[32:]))
	return key, must(peer.IDFromPublicKey(pub))
}

func TestCycleCarriesAllSheetsInRandomOrder(t *testing.T) {
	key, relay := relayKey(1)
	var sheets []*Signed
	for i := range uint64(60) {
		p := network().good(i)
		sheets = append(sheets, p.sign(t, p.sheet(1+int(i)*3)))
	}
	digest := [32]byte{7}
	var first []string
	for range 2 {
		messages, err := SignCycle(key, 9, "506", digest, sheets)
		if err != nil {
			t.Fatal(err)
		}
		if len(messages) < 3 {
			t.Fatalf("%d messages: the test needs several parts", len(messages))
		}
		var order []string
		for i, data := range messages {
			if len(data) > maxCycleBytes {
				t.Errorf("message of %d bytes", len(data))
			}
			m, err := OpenCycle(data, relay)
			if err != nil {
				t.Fatal(err)
			}
			if int(m.Part) != i || int(m.Parts) != len(messages) || m.Cycle != 9 || m.Region != "506" || m.Digest != digest {
				t.Errorf("part %d: %+v", i, m)
			}
			for _, s := range m.Sheets {
				order = append(order, string(s))
			}
		}
		if first != nil && slices.Equal(first, order) {
			t.Error("same order twice: whoever publishes first is shown first")
		}
		first = order
	}
	want := make([]string, len(sheets))
	for i, s := range sheets {
		want[i] = string(s.Raw)
	}
	slices.Sort(first)
	slices.Sort(want)
	if !slices.Equal(first, want) {
		t.Errorf("%d of %d sheets arrived", len(first), len(want))
	}
}

func TestCycleOfNothingAndOfTooMuch(t *testing.T) {
	key, relay := relayKey(1)
	messages := must(SignCycle(key, 9, "506", [32]byte{}, nil))
	if len(messages) != 1 {
		t.Fatalf("%d messages of nothing", len(messages))
	}
	if m := must(OpenCycle(messages[0], relay)); m.Parts != 1 || len(m.Sheets) != 0 {
		t.Errorf("%+v", m)
	}
	big := &Signed{Raw: make([]byte, MaxSheetBytes)}
	if messages := must(SignCycle(key, 9, "506", [32]byte{}, slices.Repeat([]*Signed{big}, 1000))); len(messages) != maxCycleParts {
		t.Errorf("%d messages of too much", len(messages))
	}
}

func TestOpenCycleRefuses(t *testing.T) {
	key, relay := relayKey(1)
	otherKey, other := relayKey(2)
	good := CycleMessage{Version: CycleVersion, Cycle: 9, Region: "506", Parts: 1}
	sign := func(typ string, key ed25519.PrivateKey, change func(*CycleMessage)) []byte {
		m := good
		change(&m)
		return must(wire.SignObject(typ, key, m))
	}
	same := func(*CycleMessage) {}
	data := sign(CycleType, key, same)
	if _, err := OpenCycle(data, relay); err != nil {
		t.Fatal(err)
	}
	rsaRelay, _ := peer.Decode("QmSoLPppuBtQSGwKDZT2M73ULpjvfd3aZ6ha4oFGL1KrGM")
	for name, try := range map[string]struct {
		data []byte
		from peer.ID
	}{
		"another relay":            {data, other},
		"another relay's key":      {sign(CycleType, otherKey, same), relay},
		"another type":             {sign(SheetType, key, same), relay},
		"a relay without Ed25519":  {data, rsaRelay},
		"no relay":                 {data, ""},
		"unknown version":          {sign(CycleType, key, func(m *CycleMessage) { m.Version = 2 }), relay},
		"part beyond":              {sign(CycleType, key, func(m *CycleMessage) { m.Part = 1 }), relay},
		"no parts":                 {sign(CycleType, key, func(m *CycleMessage) { m.Parts = 0 }), relay},
		"too many parts":           {sign(CycleType, key, func(m *CycleMessage) { m.Parts = maxCycleParts + 1 }), relay},
		"not a region":             {sign(CycleType, key, func(m *CycleMessage) { m.Region = "*" }), relay},
		"sheet too large":          {sign(CycleType, key, func(m *CycleMessage) { m.Sheets = [][]byte{make([]byte, MaxSheetBytes+1)} }), relay},
		"too many sheets":          {sign(CycleType, key, func(m *CycleMessage) { m.Sheets = make([][]byte, maxCycleSheets+1) }), relay},
		"message too large":        {sign(CycleType, key, func(m *CycleMessage) { m.Sheets = slices.Repeat([][]byte{make([]byte, MaxSheetBytes)}, 4) }), relay},
		"trailing byte":            {append(bytes.Clone(data), 0), relay},
		"empty":                    {nil, relay},
		"not even a COSE envelope": {[]byte("hello"), relay},
	} {
		if _, err := OpenCycle(try.data, try.from); !errors.Is(err, ErrCycle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for bit := range len(data) * 8 {
		bad := bytes.Clone(data)
		bad[bit/8] ^= 1 << (bit % 8)
		if _, err := OpenCycle(bad, relay); !errors.Is(err, ErrCycle) {
			t.Fatalf("bit %d flipped: %v", bit, err)
		}
	}
}

func TestReleaseCycle(t *testing.T) {
	long := DefaultRules()
	short := long
	short.Cycle = 2 * time.Second
	tick := time.Unix(1_800_000_000, 0) // a multiple of both cycles
	for _, c := range []struct {
		rules  Rules
		issued time.Duration // before the tick
		after  uint64        // released so many cycles after the tick's
	}{
		{long, 10 * time.Minute, 0}, {long, time.Minute, 0}, {long, 6 * time.Second, 0},
		{long, 5 * time.Second, 1}, {long, time.Second, 1}, {long, 0, 1}, {long, -time.Minute, 1},
		{short, 2 * time.Second, 0}, {short, time.Second, 0}, {short, 0, 1},
	} {
		got := c.rules.ReleaseCycle(tick.Add(-c.issued)) - c.rules.CycleAt(tick)
		if got != c.after {
			t.Errorf("cycle of %s, issued %s before the tick: %d cycles after it, want %d", c.rules.Cycle, c.issued, got, c.after)
		}
	}
}
