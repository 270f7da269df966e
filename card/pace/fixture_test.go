package pace

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"

	"pieks/card"
)

const testCAN CAN = "123123"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// through is a channel that may change what goes over it.
type through struct {
	card.Channel
	command  func(raw []byte) []byte
	response func(command, raw []byte) []byte
	sent     [][]byte
}

func (c *through) Transmit(ctx context.Context, raw []byte) ([]byte, error) {
	raw = bytes.Clone(raw)
	if c.command != nil {
		raw = c.command(raw)
	}
	c.sent = append(c.sent, raw)
	out, err := c.Channel.Transmit(ctx, raw)
	if err == nil && c.response != nil {
		out = c.response(raw, bytes.Clone(out))
	}
	return out, err
}

// answers is a card that answers everything alike, and remembers the last command.
type answers struct {
	response []byte
	err      error
	last     []byte
	resets   int
}

func (a *answers) Transmit(_ context.Context, raw []byte) ([]byte, error) {
	a.last = bytes.Clone(raw)
	return a.response, a.err
}

func (a *answers) Reset() { a.resets++ }

// statusOf sends a command and gives the status word.
func statusOf(t *testing.T, ch card.Channel, command string) uint16 {
	t.Helper()
	response, err := ch.Transmit(t.Context(), unhex(t, command))
	if err != nil {
		t.Fatal(err)
	}
	_, sw, err := split(response)
	if err != nil {
		t.Fatal(err)
	}
	return sw
}

func opened(t *testing.T, ch card.Channel) card.Channel {
	t.Helper()
	s, err := Open(t.Context(), ch, testCAN)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func virtual(t *testing.T, kind card.Kind) *card.Virtual {
	t.Helper()
	v, _, err := card.NewVirtualOf(kind, card.VirtualOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
