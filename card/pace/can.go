package pace

import (
	"fmt"
	"log/slog"
)

// CAN is a card access number: six digits. It hides itself from fmt, slog and encoders.
type CAN string

const hiddenCAN = "CAN(hidden)"

// Check refuses what is not six digits.
func (c CAN) Check() error {
	if len(c) != canDigits {
		return ErrCAN
	}
	for i := range len(c) {
		if c[i] < '0' || c[i] > '9' {
			return ErrCAN
		}
	}
	return nil
}

// Format prints a fixed word for every verb.
func (CAN) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hiddenCAN)) }

// LogValue hides the CAN from slog.
func (CAN) LogValue() slog.Value { return slog.StringValue(hiddenCAN) }

// MarshalText hides the CAN from JSON and other text encoders.
func (CAN) MarshalText() ([]byte, error) { return []byte(hiddenCAN), nil }
