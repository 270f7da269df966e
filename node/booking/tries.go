package booking

import (
	"errors"
	"time"

	"pieks/node/records"
	"pieks/store"
)

// tries counts wrong codes: for this device, and for the first six digits of a spoken code. It is kept on disk, so that a restart gives no new ones.
type tries struct {
	reference       string
	device, ofDigit triesRecord
}

var deviceKey = []byte("device")

func referenceKey(reference string) []byte { return []byte("reference " + reference) }

func loadTries(tx *store.Tx, reference string, now time.Time) (*tries, error) {
	t := &tries{reference: reference}
	if _, err := records.Get(tx, bucketTries, deviceKey, &t.device); err != nil {
		return nil, err
	}
	t.device.Wrong = within(t.device.Wrong, now, wrongWindow)
	if reference == "" {
		return t, nil
	}
	if _, err := records.Get(tx, bucketTries, referenceKey(reference), &t.ofDigit); err != nil {
		return nil, err
	}
	t.ofDigit.Wrong = within(t.ofDigit.Wrong, now, referenceKept)
	return t, nil
}

// within keeps the tries that are not older than window. Those of a clock that was ahead count as now.
func within(wrong []uint64, now time.Time, window time.Duration) []uint64 {
	var kept []uint64
	for _, w := range wrong {
		if at := unix(min(w, uint64(max(0, now.Unix())))); now.Before(at.Add(window)) {
			kept = append(kept, uint64(at.Unix()))
		}
	}
	return kept
}

// lockedUntil is when the device may try again: after freeTries wrong codes the wait doubles, and after wrongPerDevice the first of them
// has to leave the window.
func (t *tries) lockedUntil(now time.Time) time.Time {
	n := len(t.device.Wrong)
	if n <= freeTries {
		return time.Time{}
	}
	last := unix(t.device.Wrong[n-1])
	until := last.Add(firstDelay << (n - freeTries - 1))
	if n >= wrongPerDevice {
		if free := unix(t.device.Wrong[n-wrongPerDevice]).Add(wrongWindow); free.After(until) {
			until = free
		}
	}
	return until
}

// deadReference says that the six digits were tried with too many wrong endings: the code is then only taken as words or QR.
func (t *tries) deadReference() bool { return len(t.ofDigit.Wrong) >= wrongPerReference }

// note counts a wrong code, or forgives the device's after a right one.
func (t *tries) note(tx *store.Tx, answer error, now time.Time) error {
	at := uint64(max(0, now.Unix()))
	switch {
	case answer == nil:
		return tx.Delete(bucketTries, deviceKey)
	case !errors.Is(answer, ErrNotValid):
		return nil
	}
	t.device.Wrong = append(t.device.Wrong, at)
	t.device.Until = at + uint64(wrongWindow/time.Second)
	if err := records.Put(tx, bucketTries, deviceKey, t.device); err != nil {
		return err
	}
	// The count of words and QR goes to a reference that no code has, so that every answer writes the same.
	t.ofDigit.Wrong = append(t.ofDigit.Wrong, at)
	t.ofDigit.Wrong = t.ofDigit.Wrong[max(0, len(t.ofDigit.Wrong)-wrongPerReference):]
	t.ofDigit.Until = at + uint64(referenceKept/time.Second)
	return records.Put(tx, bucketTries, referenceKey(t.reference), t.ofDigit)
}
