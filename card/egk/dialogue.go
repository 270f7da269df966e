package egk

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"pieks/card"
)

// Dialogue is the verifier's side: it says which command comes next and takes the card's answers. The commands are those of a PoPP service's scenarios
// OPEN_EGK and AUTH_G2, and EF.GDO. It is for one card, once, and not for concurrent use.
type Dialogue struct {
	steps   []planned
	given   int // commands that are out; the answer to the last is awaited
	ended   error
	answers Answers
}

// Options of a dialogue. The zero value has EF.GDO read, too.
type Options struct {
	WithoutGDO bool // exactly the eight commands of a PoPP service
}

// Step is one command.
type Step struct {
	Command  []byte
	Expected []uint16 // status words
}

// planned is a command with what its answer has to be.
type planned struct {
	command  []byte
	expected []uint16
	doing    string // for people, if the card refuses
	most     int    // bytes of data
	exactly  bool   // no fewer either
	keep     func(*Answers, []byte)
	check    func(data []byte) error
}

// Status words that are expected (popp.md 3.1, 3.2).
var (
	onlyOK  = []uint16{0x9000}
	reading = []uint16{0x9000, 0x6281} // 6281: the file may be corrupt, which its signatures tell
)

// selectRoot and the others are popp.md 3.1 and 3.2, byte by byte.
var (
	selectRoot = planned{command: unhex("00a4040c07d2760001448000"), expected: onlyOK, doing: "open as an eGK", exactly: true}
	readGDO    = planned{command: unhex("00b0820000"), expected: reading, doing: "give its serial number", most: maxShort,
		keep: func(a *Answers, data []byte) { a.GDO = data }}
	readVersion = planned{command: unhex("00b0910000"), expected: reading, doing: "give its version", most: maxShort,
		keep: func(a *Answers, data []byte) { a.Version2 = data }, check: checkVersion}
	readSubCA = planned{command: unhex("00b0870000"), expected: reading, doing: "give its issuer's CV certificate", most: maxShort,
		keep: func(a *Answers, data []byte) { a.SubCA = data }}
	readEndEntity = planned{command: unhex("00b0860000"), expected: reading, doing: "give its CV certificate", most: maxShort,
		keep: func(a *Answers, data []byte) { a.EndEntity = data }}
	selectESIGN = planned{command: unhex("00a4040c0aa000000167455349474e"), expected: onlyOK, doing: "open its signing application", exactly: true}
	selectKey   = planned{command: unhex("002241a406840109800100"), expected: onlyOK, doing: "select its key", exactly: true}
	readX509    = planned{command: unhex("00b08400000000"), expected: reading, doing: "give its certificate", most: maxX509,
		keep: func(a *Answers, data []byte) { a.X509 = data }}
)

// authenticate has nonce signed.
func authenticate(nonce Nonce) planned {
	command := slices.Concat([]byte{0x00, 0x88, 0x00, 0x00, byte(len(nonce))}, nonce[:], []byte{0x00})
	return planned{command: command, expected: onlyOK, doing: "prove itself", most: signatureLength, exactly: true,
		keep: func(a *Answers, data []byte) { a.Signature = data }}
}

// NewDialogue begins one that has nonce signed.
func NewDialogue(nonce Nonce, o Options) *Dialogue {
	steps := []planned{selectRoot, readVersion}
	if !o.WithoutGDO {
		steps = append(steps, readGDO)
	}
	return &Dialogue{steps: append(steps, readSubCA, readEndEntity, selectESIGN, selectKey, readX509, authenticate(nonce))}
}

// Next takes the answer to the step before, nil at first, and gives the next step; done ends it. After an error there is no next step.
func (d *Dialogue) Next(response []byte) (step Step, done bool, err error) {
	if d.ended != nil {
		return Step{}, false, d.ended
	}
	if err := d.take(response); err != nil {
		d.ended = fmt.Errorf("%w (%w)", ErrEnded, err)
		return Step{}, false, err
	}
	if d.given == len(d.steps) {
		d.ended = ErrEnded
		return Step{}, true, nil
	}
	next := d.steps[d.given]
	d.given++
	return Step{Command: bytes.Clone(next.command), Expected: slices.Clone(next.expected)}, false, nil
}

// take checks the answer to the command that is out and keeps it.
func (d *Dialogue) take(response []byte) error {
	switch {
	case d.given == 0 && len(response) > 0:
		return ErrEarlyAnswer
	case d.given == 0:
		return nil
	case len(response) == 0:
		return ErrNoAnswer
	}
	asked := d.steps[d.given-1]
	data, err := asked.open(response)
	if err != nil {
		return err
	}
	if asked.keep != nil {
		asked.keep(&d.answers, bytes.Clone(data))
	}
	if asked.check != nil {
		return asked.check(data)
	}
	return nil
}

// open takes an answer apart.
func (p planned) open(response []byte) (data []byte, err error) {
	n := len(response) - 2
	if n < 0 || n > maxX509 {
		return nil, fmt.Errorf("%w: %d bytes", ErrAnswer, len(response))
	}
	data, sw := response[:n], uint16(response[n])<<8|uint16(response[n+1])
	if !slices.Contains(p.expected, sw) {
		return nil, p.refused(sw)
	}
	if n > p.most || (p.exactly && n < p.most) || (!p.exactly && n == 0) {
		return nil, fmt.Errorf("%w: %d bytes where it was to %s", ErrAnswer, n, p.doing)
	}
	return data, nil
}

// refused is a *card.StatusError; a card that does not open as an eGK is none, too.
func (p planned) refused(sw uint16) error {
	status := &card.StatusError{Doing: p.doing, SW: sw}
	if bytes.Equal(p.command, selectRoot.command) && sw == 0x6a82 {
		return fmt.Errorf("%w (%w)", ErrNotEGK, status)
	}
	return status
}

// Answers are what a finished dialogue has read; of one that is not finished, nothing.
func (d *Dialogue) Answers() Answers {
	if !errors.Is(d.ended, ErrEnded) || d.answers.Signature == nil {
		return Answers{}
	}
	return d.answers
}

// unhex is for the commands above.
func unhex(s string) []byte {
	raw, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return raw
}
