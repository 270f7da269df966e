package reception

import (
	"errors"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/node/web"
)

// cardErrors are what card and reader refuse, as the app says it.
func cardErrors() []web.ErrorText {
	var list []web.ErrorText
	for _, e := range []struct {
		key  string
		each []error
	}{
		{"rc_en_busy", []error{ErrBusy}},
		{"rc_en_in_use", []error{pcsc.ErrInUse, pcsc.ErrReset}},
		{"rc_en_not_built", []error{pcsc.ErrNotBuilt}},
		{"rc_en_no_service", []error{pcsc.ErrNoService}},
		{"rc_en_access", []error{pcsc.ErrAccess}},
		{"rc_en_no_reader", []error{pcsc.ErrNoReader}},
		{"rc_en_unplugged", []error{pcsc.ErrUnplugged, pcsc.ErrNoSuchReader, pcsc.ErrAmbiguous}},
		{"rc_en_no_card", []error{pcsc.ErrNoCard}},
		{"rc_en_pulled", []error{pcsc.ErrRemoved}},
		{"rc_en_mute", []error{pcsc.ErrMute, pcsc.ErrProtocol, card.ErrATR, card.ErrResponse}},
		{"rc_en_failed", []error{pcsc.ErrHung, pcsc.ErrLost, pcsc.ErrFailed, pcsc.ErrClosed, pcsc.ErrCommand}},
		{"rc_en_pin_shape", []error{card.ErrPINShape}},
		{"rc_en_blocked", []error{card.ErrPINBlocked}},
		{"rc_en_foreign", []error{card.ErrForeignCard, card.ErrLayout, card.ErrCertificateType, card.ErrCertificate, card.ErrCurve, card.ErrUZI, card.ErrAdmission}},
		{"rc_en_contacts", []error{card.ErrContactless}},
		{"rc_en_patient_card", []error{card.ErrNoSigning, card.ErrPatientCard}},
		{"rc_en_profession", []error{card.ErrProfession, card.ErrNoAdmission}},
		{"rc_en_untrusted", []error{card.ErrUntrusted, card.ErrNotCA, card.ErrCertificateSignature, card.ErrCASigner}},
		{"rc_en_expired", []error{card.ErrExpired}},
		{"rc_en_revoked", []error{card.ErrRevokedCard}},
		{"rc_why_revoked", []error{card.ErrRevoked}},
		{"rc_en_other_card", []error{card.ErrTelematikID}},
		{"rc_en_clock", []error{card.ErrNotYetValid, card.ErrStatementNotYetValid, card.ErrStatementExpired, card.ErrNotFresh, card.ErrSigningTime}},
		{"rc_en_long", []error{card.ErrStatement, card.ErrTooLarge}},
	} {
		for _, is := range e.each {
			list = append(list, web.ErrorText{Is: is, Key: e.key})
		}
	}
	return list
}

// cardSentence is what is wrong with a card, in the language of the page.
func cardSentence(c *web.Call, err error) string {
	if wrong, ok := errors.AsType[*card.PINError](err); ok && wrong.Tries > 0 {
		return c.Say("rc_en_pin_wrong", "N", wrong.Tries)
	}
	if _, ok := errors.AsType[*card.StatusError](err); ok {
		return c.Say("rc_en_failed")
	}
	return c.Sentence(err)
}
