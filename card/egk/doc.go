// Package egk proves with a patient's card that it is there: the verifier's dialogue of commands, what its answers prove, and how a reader opens a card.
package egk
