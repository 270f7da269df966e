package pace

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"sync"

	"pieks/card"
)

// Status words that a card gives before PACE, and about it.
const (
	swLength     = 0x6700
	swSecurity   = 0x6982
	swConditions = 0x6985
	swObjects    = 0x6988
	swWrongData  = 0x6a80
	swOffset     = 0x6b00
)

// Card is a card in a contactless field: what is behind it is reached through PACE alone. It is safe for concurrent use; the commands of two users would
// still mix. It is for tests and demonstrations.
type Card struct {
	inner  card.Channel
	can    CAN
	random io.Reader

	mu    sync.Mutex
	state field
}

// field is what a card forgets when it leaves the field.
type field struct {
	selected  bool // EF.CardAccess
	step      step
	nonce     [block]byte
	side      *side
	candidate candidate
	session   *session
}

// candidate are keys that the terminal has still to show.
type candidate struct {
	keys       keys
	show, want [macSize]byte
}

// step is how far PACE is: what was answered last.
type step int

const (
	idle step = iota
	chosen
	nonceGiven
	mapped
	agreed
)

// Contactless makes of a card with contacts one in a contactless field. Its answer to reset is that of a contactless reader (PC/SC part 3), with the
// capabilities of inner's.
func Contactless(inner card.Channel, can CAN) *Card { return contactless(inner, can, rand.Reader) }

func contactless(inner card.Channel, can CAN, random io.Reader) *Card {
	return &Card{inner: inner, can: can, random: random}
}

// ATR is what a reader makes of the answer to select: 3B8n8001, historical bytes, check byte (PC/SC part 3, section 3.1.3.2.3.1).
func (c *Card) ATR() []byte {
	var historical []byte
	if knows, ok := c.inner.(interface{ ATR() []byte }); ok {
		if atr, err := card.ParseATR(knows.ATR()); err == nil {
			historical = atr.Historical
		}
	}
	out := append([]byte{0x3b, 0x80 | byte(len(historical)), 0x80, 0x01}, historical...)
	check := byte(0)
	for _, b := range out[1:] {
		check ^= b
	}
	return append(out, check)
}

// Reset is what happens when the card leaves the field.
func (c *Card) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
}

func (c *Card) forget() {
	c.state = field{}
	if resets, ok := c.inner.(interface{ Reset() }); ok {
		resets.Reset()
	}
}

// Transmit answers one command.
func (c *Card) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	parsed, err := card.ParseCommand(command)
	if err != nil {
		return answer(nil, swLength), nil
	}
	if c.state.session != nil {
		if parsed.CLA&claSecured == claSecured {
			return c.secured(ctx, command)
		}
		c.forget()
	}
	data, sw := c.open(parsed)
	return answer(data, sw), nil
}

// secured answers a secured command through the card behind.
func (c *Card) secured(ctx context.Context, command []byte) ([]byte, error) {
	plain, err := c.state.session.unwrapCommand(command)
	if err != nil {
		c.forget()
		return answer(nil, swObjects), nil
	}
	raw, err := plain.Encode()
	if err != nil {
		return c.state.session.wrapResponse(nil, swLength), nil
	}
	defer clear(raw)
	response, err := c.inner.Transmit(ctx, raw)
	if err != nil {
		return nil, err
	}
	data, sw, err := split(response)
	if err != nil {
		return nil, err
	}
	if len(data) > maxSecured {
		data, sw = nil, swLength
	}
	return c.state.session.wrapResponse(data, sw), nil
}

// open answers a command in clear: all but those here are refused before PACE.
func (c *Card) open(cmd card.Command) (data []byte, sw uint16) {
	switch {
	case cmd.CLA == 0 && cmd.INS == insSelect:
		return c.choose(cmd)
	case cmd.CLA == 0 && cmd.INS == insRead:
		return c.read(cmd)
	case cmd.CLA == 0 && cmd.INS == insSet:
		return nil, c.begin(cmd)
	case cmd.CLA&^claChained == 0 && cmd.INS == insAuthenticate:
		return c.authenticate(cmd)
	}
	return nil, swSecurity
}

// rootName is the application identifier of an eGK's root (gemSpec_eGK_ObjSys).
var rootName = []byte("\xd2\x76\x00\x01\x44\x80\x00")

// choose is SELECT of the root or of EF.CardAccess.
func (c *Card) choose(cmd card.Command) ([]byte, uint16) {
	var identifier []byte // as control parameters have it
	switch {
	case cmd.P1 == 0x04 && (len(cmd.Data) == 0 || bytes.Equal(cmd.Data, rootName)):
		identifier, c.state.selected = []byte{0x3f, 0x00}, false
	case cmd.P1 == 0x02 && bytes.Equal(cmd.Data, fileAccess):
		identifier, c.state.selected = fileAccess, true
	default:
		return nil, swSecurity
	}
	if cmd.P2 == 0x0c {
		return nil, swOK
	}
	return append([]byte{0x62, 0x04, 0x83, 0x02}, identifier...), swOK
}

// read is READ BINARY of EF.CardAccess, selected or by its short identifier.
func (c *Card) read(cmd card.Command) ([]byte, uint16) {
	const shortAccess = 0x1c
	offset := int(cmd.P1)<<8 | int(cmd.P2)
	if cmd.P1&0x80 != 0 {
		if cmd.P1 != 0x80|shortAccess {
			return nil, swSecurity
		}
		c.state.selected, offset = true, int(cmd.P2)
	}
	switch {
	case !c.state.selected:
		return nil, swSecurity
	case len(cmd.Data) > 0 || cmd.Ne == 0:
		return nil, swLength
	case offset >= len(access):
		return nil, swOffset
	}
	rest := []byte(access[offset:])
	if cmd.Ne <= len(rest) {
		return rest[:cmd.Ne], swOK
	}
	if cmd.Ne == shortAnswer || cmd.Ne == longAnswer { // Le of zero asks for what there is
		return rest, swOK
	}
	return rest, swEnd
}
