package egk

import "fmt"

// Claimed is what a card says of itself, with nothing of it verified: whoever makes cards may let them say anything. It is for showing a card to who
// has no roots at hand, never for a decision.
func (a Answers) Claimed() (*Insured, error) {
	r, err := a.read()
	if err == nil {
		err = r.checkSerial()
	}
	if err == nil {
		err = r.checkPerson()
	}
	if err != nil {
		return nil, fmt.Errorf("read the card: %w", err)
	}
	r.insured.Pair = Unknown
	return &r.insured, nil
}
