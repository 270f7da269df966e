package egk

import (
	"fmt"
	"log/slog"
)

// Who a card belongs to, and what a card said, of which the certificate names the person, hide themselves from fmt and slog.
const (
	hiddenInsured = "Insured(hidden)"
	hiddenAnswers = "Answers(hidden)"
)

// Format prints a fixed word for every verb.
func (Insured) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hiddenInsured)) }

// LogValue hides the person from slog.
func (Insured) LogValue() slog.Value { return slog.StringValue(hiddenInsured) }

// Format prints a fixed word for every verb.
func (Answers) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hiddenAnswers)) }

// LogValue hides the person from slog.
func (Answers) LogValue() slog.Value { return slog.StringValue(hiddenAnswers) }
