package patient

import (
	"errors"
	"slices"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pace"
	"pieks/card/pcsc"
	"pieks/node/control"
	"pieks/node/web"
)

// cardTrouble is what can go wrong between card and reader, with the code by which the node is told and the end of the text pt_ci_card_*. A wrong
// access number, no card and a foreign card are three things (popp.md 8: a wrong CAN that is called "no card" helps nobody).
type cardTrouble struct {
	code, key string
	is        []error
}

var cardTroubles = []cardTrouble{
	{control.CodeWrongCAN, "wrong_can", []error{pace.ErrWrongCAN}},
	{control.CodeCAN, "can", []error{card.ErrContactless}},
	{control.CodeCardForeign, "foreign", []error{egk.ErrNotEGK, card.ErrForeignCard, card.ErrLayout}},
	{control.CodeCardForeign, "old", []error{egk.ErrOldCard}},
	{control.CodeCardRemoved, "removed", []error{pcsc.ErrRemoved, pcsc.ErrNoCard, pcsc.ErrLost, pcsc.ErrReset}},
	{control.CodeCardRefused, "in_use", []error{pcsc.ErrInUse, ErrBusy}},
	{control.CodeCardRefused, "no_service", []error{pcsc.ErrNoService}},
	{control.CodeCardRefused, "access", []error{pcsc.ErrAccess}},
	{control.CodeCardRefused, "no_reader", []error{pcsc.ErrNoReader, pcsc.ErrUnplugged, pcsc.ErrNoSuchReader, pcsc.ErrAmbiguous}},
	{control.CodeCardRefused, "not_built", []error{pcsc.ErrNotBuilt}},
	{control.CodeCardRefused, "mute", []error{pcsc.ErrMute, pcsc.ErrProtocol, pcsc.ErrHung, card.ErrATR, card.ErrResponse, pace.ErrAgreement, pace.ErrUnsecured}},
}

// canKeys are the troubles that are said at the field of the access number.
var canKeys = []string{"wrong_can", "can"}

// troubleOf finds the code and the text for an error of Cards that is not the node's own.
func troubleOf(err error) (code, key string) {
	for _, t := range cardTroubles {
		if slices.ContainsFunc(t.is, func(is error) bool { return errors.Is(err, is) }) {
			return t.code, t.key
		}
	}
	return control.CodeCardRefused, "refused"
}

// nodeCardKeys are the ends of the texts for what the node, or the practice behind it, says of a card.
var nodeCardKeys = map[string]string{
	control.CodeCAN: "can", control.CodeWrongCAN: "wrong_can", control.CodeCardRefused: "refused", control.CodeCardRemoved: "removed",
	control.CodeCardForeign: "foreign", control.CodeCardUnproven: "unproven", control.CodeCardExpired: "expired", control.CodeCardBlocked: "blocked",
	control.CodeReplay: "anew", control.CodeSession: "anew",
}

// cardSentence is the end of the text for what ended a dialogue, and the sentence.
func cardSentence(c *web.Call, err error) (key, text string) {
	code := control.CodeOf(err)
	key = nodeCardKeys[code]
	switch {
	case key != "":
	case control.KindOf(err) == control.KindUnavailable && code != control.CodeLogin:
		return "", c.Say("pt_ci_unreached")
	case code != "":
		return "", sentence(c, err)
	default:
		_, key = troubleOf(err)
	}
	return key, c.Say("pt_ci_card_" + key)
}
