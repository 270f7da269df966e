package egk

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"pieks/card"
	"pieks/card/pace"
)

const testCAN pace.CAN = "123123"

// counted counts commands, and loses the card at one of them.
type counted struct {
	card.Channel
	n, lost int
}

var errLost = errors.New("the card was pulled")

func (c *counted) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if c.n++; c.n == c.lost {
		return nil, errLost
	}
	return c.Channel.Transmit(ctx, command)
}

// refuses answers everything with one status word.
type refuses uint16

func (r refuses) Transmit(context.Context, []byte) ([]byte, error) {
	return []byte{byte(r >> 8), byte(r)}, nil
}

func virtualOf(t *testing.T, kind card.Kind) card.Channel {
	t.Helper()
	v, _, err := card.NewVirtualOf(kind, card.VirtualOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func virtualPatient(t *testing.T) card.Channel {
	t.Helper()
	v, err := card.VirtualPatient(testPatient(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOpen(t *testing.T) {
	contacts := virtualPatient(t)
	field := func(ch card.Channel) card.Channel { return pace.Contactless(ch, testCAN) }
	silent := &counted{Channel: field(contacts), lost: 1}
	for name, test := range map[string]struct {
		ch          card.Channel
		can         pace.CAN
		contactless bool
		want        error
	}{
		"contacts":                      {contacts, "", false, nil},
		"contacts, and a CAN":           {contacts, "864201", false, nil},
		"contactless":                   {field(contacts), testCAN, true, nil},
		"contactless without CAN":       {field(contacts), "", true, card.ErrContactless},
		"contactless, another CAN":      {field(contacts), "123124", true, pace.ErrWrongCAN},
		"contactless, five digits":      {field(contacts), "12312", true, pace.ErrCAN},
		"practice's":                    {virtualOf(t, card.SMCB), "", false, ErrNotEGK},
		"professional's":                {virtualOf(t, card.HBA), "", false, ErrNotEGK},
		"professional's, contactless":   {field(virtualOf(t, card.HBA)), testCAN, true, ErrNotEGK},
		"PIV":                           {virtualOf(t, card.PIV), "", false, ErrNotEGK},
		"UZI":                           {virtualOf(t, card.UZI), testCAN, false, ErrNotEGK},
		"a card that refuses, no CAN":   {refuses(0x6982), "", true, ErrNotEGK},
		"a card that refuses, and one":  {refuses(0x6982), testCAN, true, ErrNotEGK},
		"a card that knows nothing":     {refuses(0x6d00), testCAN, false, ErrNotEGK},
		"a card that is gone":           {silent, testCAN, false, errLost},
		"a card that says half a thing": {half{}, "", false, ErrAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			opened, contactless, err := Open(t.Context(), test.ch, test.can)
			if !errors.Is(err, test.want) || contactless != test.contactless || (err == nil) != (opened != nil) {
				t.Fatalf("%v, contactless %v, want %v", err, contactless, test.want)
			}
			for _, other := range []error{card.ErrContactless, pace.ErrWrongCAN, ErrNotEGK, errLost} {
				if test.want != other && errors.Is(err, other) {
					t.Errorf("%v passes for %v", err, other)
				}
			}
		})
	}
}

type half struct{}

func (half) Transmit(context.Context, []byte) ([]byte, error) { return []byte{0x90}, nil }

// TestRun: a whole dialogue, with and without contacts, is the same to the verifier.
func TestRun(t *testing.T) {
	var first Answers
	for i, ch := range []card.Channel{virtualPatient(t), pace.Contactless(virtualPatient(t), testCAN)} {
		opened, contactless, err := Open(t.Context(), ch, testCAN)
		if err != nil || contactless != (i == 1) {
			t.Fatal(contactless, err)
		}
		d := NewDialogue(testNonce, Options{})
		if err := Run(t.Context(), opened, d); err != nil {
			t.Fatal(err)
		}
		who, err := d.Answers().Verify(testNonce, testPKI.Trust(), testNow)
		if err != nil || who.KVNR != "X110540756" {
			t.Fatalf("%+v %v", who, err)
		}
		if i == 0 {
			first = d.Answers()
		} else if a := d.Answers(); !bytes.Equal(a.X509, first.X509) || !bytes.Equal(a.EndEntity, first.EndEntity) || !bytes.Equal(a.GDO, first.GDO) {
			t.Error("another card without contacts")
		}
	}
}

// TestRunLost is T22: a card that goes at any command ends the dialogue with what the reader says, and nothing more is sent; presented again, it proves itself.
func TestRunLost(t *testing.T) {
	card := pace.Contactless(virtualPatient(t), testCAN)
	whole := &counted{Channel: card}
	opened, _, err := Open(t.Context(), whole, testCAN)
	if err == nil {
		err = Run(t.Context(), opened, NewDialogue(testNonce, Options{}))
	}
	if err != nil || whole.n < 19 {
		t.Fatalf("%d commands: %v", whole.n, err)
	}
	for lost := 1; lost <= whole.n; lost++ {
		card.Reset()
		ch := &counted{Channel: card, lost: lost}
		d := NewDialogue(testNonce, Options{})
		opened, _, err := Open(t.Context(), ch, testCAN)
		if err == nil {
			err = Run(t.Context(), opened, d)
		}
		if !errors.Is(err, errLost) || errors.Is(err, pace.ErrWrongCAN) || errors.Is(err, ErrNotEGK) || ch.n != lost {
			t.Errorf("lost at %d of %d: %v", lost, ch.n, err)
		}
		if d.Answers().Signature != nil {
			t.Errorf("lost at %d: there are answers", lost)
		}
	}
}

// TestClaimed reads what Verify would refuse, and nothing that is damaged.
func TestClaimed(t *testing.T) {
	a := answersOf(t, testPatient(t), Options{})
	a.Signature = make([]byte, 64)
	if _, err := a.Verify(testNonce, testPKI.Trust(), testNow); !errors.Is(err, ErrChallenge) {
		t.Fatal(err)
	}
	if who, err := a.Claimed(); err != nil || who.KVNR != "X110540756" || who.IK != "109500969" || who.Pair != Unknown {
		t.Errorf("%+v %v", who, err)
	}
	other := a
	other.GDO = bytes.Clone(a.GDO)
	other.GDO[11] ^= 1
	if _, err := other.Claimed(); !errors.Is(err, ErrICCSN) {
		t.Errorf("another serial number: %v", err)
	}
	if _, err := (Answers{}).Claimed(); err == nil {
		t.Error("nothing was read")
	}
}
