package pace

import (
	"bytes"
	"errors"
	"io"

	"pieks/card"
)

// begin is MSE SET AT.
func (c *Card) begin(cmd card.Command) uint16 {
	c.state.step = idle
	if cmd.P1 != 0xc1 || cmd.P2 != 0xa4 || !bytes.Equal(cmd.Data, setTemplate) {
		return swSecurity
	}
	c.state.step = chosen
	return swOK
}

// stage is one GENERAL AUTHENTICATE: what its object has to be, and what is answered.
type stage struct {
	cla     byte
	tag     byte // 0: the command brings none
	size    int
	answers byte
	do      func(c *Card, value []byte) ([]byte, error)
}

var stages = map[step]stage{
	chosen:     {claChained, 0, 0, tagNonce, (*Card).giveNonce},
	nonceGiven: {claChained, tagMapTerminal, 1 + 2*coordinate, tagMapCard, (*Card).exchangeMap},
	mapped:     {claChained, tagKeyTerminal, 1 + 2*coordinate, tagKeyCard, (*Card).exchangeKeys},
	agreed:     {0, tagTokenTerminal, macSize, tagTokenCard, (*Card).compareTokens},
}

// errToken is a terminal that has other keys: it was given another CAN.
var errToken = errors.New("another token")

// authenticate does the next stage. Whatever goes wrong ends PACE, and the terminal has to begin again.
func (c *Card) authenticate(cmd card.Command) ([]byte, uint16) {
	now, known := stages[c.state.step]
	if !known || cmd.CLA != now.cla || cmd.P1 != 0 || cmd.P2 != 0 {
		c.state.step = idle
		return nil, swConditions
	}
	value, sw, next := []byte(nil), uint16(swOK), c.state.step+1
	var err error
	if now.tag == 0 {
		if !bytes.Equal(cmd.Data, []byte{0x7c, 0}) {
			err = ErrAgreement
		}
	} else {
		value, err = readDynamicData(cmd.Data, now.tag, now.size)
	}
	if err == nil {
		value, err = now.do(c, value)
	}
	switch {
	case errors.Is(err, errToken):
		value, sw = nil, swAuthFail
	case err != nil:
		value, sw = nil, swWrongData
	}
	if err != nil {
		c.state.step, c.state.session, c.state.side = idle, nil, nil
		return nil, sw
	}
	c.state.step = next
	return dynamicData(now.answers, value), sw
}

func (c *Card) giveNonce([]byte) ([]byte, error) {
	if _, err := io.ReadFull(c.random, c.state.nonce[:]); err != nil {
		return nil, err
	}
	z := sealNonce(c.can, c.state.nonce)
	return z[:], nil
}

// exchangeMap gives the public key that the terminal has not seen when it chose its own; the second pair follows from both.
func (c *Card) exchangeMap(other []byte) (shown []byte, err error) {
	if c.state.side, err = newSide(c.random); err != nil {
		return nil, err
	}
	shown = c.state.side.own.encode()
	return shown, c.state.side.mapped(c.state.nonce, other)
}

func (c *Card) exchangeKeys(other []byte) ([]byte, error) {
	shown := c.state.side.own.encode()
	k, show, want, err := c.state.side.agreed(other)
	if err != nil {
		return nil, err
	}
	c.state.candidate = candidate{k, show, want}
	return shown, nil
}

func (c *Card) compareTokens(token []byte) ([]byte, error) {
	now := c.state.candidate
	if !good(now.want, token) {
		return nil, errToken
	}
	c.state = field{session: newSession(now.keys)}
	return now.show[:], nil
}
