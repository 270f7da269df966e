package main

import (
	"context"
	"errors"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pace"
	"pieks/card/pcsc"
	"pieks/node/web/patient"
	"pieks/node/web/reception"
)

// patientCards are the readers for a patient's pages: with what kind of card is in them, and nothing that is on it.
type patientCards struct {
	*appReaders[patient.Reader]
	desk *cardDesk
}

// openPatientCards gives a patient's app the readers: nil when this program was built without.
func openPatientCards(desk *cardDesk, changed func()) *patientCards {
	if !pcsc.Built {
		return nil
	}
	a := &patientCards{desk: desk}
	a.appReaders = newReaders(changed, func(name string, card bool, err error) patient.Reader {
		return patient.Reader{Name: name, Card: card, Err: err}
	}, a.recognise)
	return a
}

// Close ends the watch and waits for it.
func (a *patientCards) Close() {
	if a != nil {
		a.close()
	}
}

// recognise finds out what the card in a reader is, without its access number.
func (a *patientCards) recognise(ctx context.Context, reader string) (out patient.Reader, stays bool) {
	out = patient.Reader{Name: reader, Card: true}
	_, err := a.desk.channel(ctx, reader, func(ch card.Channel) (err error) {
		_, out.Contactless, err = egk.Open(ctx, ch, "")
		return err
	})
	switch {
	case errors.Is(err, card.ErrContactless):
		err = nil
	case errors.Is(err, egk.ErrNotEGK):
		out.Contactless = false
	case errors.Is(err, reception.ErrBusy):
		err = patient.ErrBusy
	}
	out.Err = err
	return out, err == nil || errors.Is(err, egk.ErrNotEGK)
}

// Prove is patient.Cards.
func (a *patientCards) Prove(ctx context.Context, reader string, can pace.CAN, step patient.Step) error {
	return a.desk.prove(ctx, reader, can, step)
}
