package disclosure

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"pieks/node/host/hosttest"
)

func TestATakenReferenceIsDrawnAgain(t *testing.T) {
	for name, c := range map[string]struct {
		answers []error
		want    error
		draws   int
	}{
		"free at once":       {[]error{nil}, nil, 1},
		"free at last":       {[]error{ErrTaken, ErrTaken, nil}, nil, 3},
		"busy":               {[]error{ErrTaken, ErrBusy}, ErrBusy, 2},
		"never":              {[]error{ErrTaken, ErrTaken, ErrTaken, ErrTaken, ErrTaken, ErrTaken, ErrTaken, ErrTaken, ErrTaken}, ErrTaken, maxDraws},
		"relay is not there": {[]error{context.DeadlineExceeded}, context.DeadlineExceeded, 1},
	} {
		draws := 0
		_, err := untilFree(func() (time.Time, error) {
			draws++
			return noon, c.answers[draws-1]
		})
		if !errors.Is(err, c.want) || draws != c.draws {
			t.Errorf("%s: %d draws, %v", name, draws, err)
		}
	}
}

// An app that waits goes on through a relay that is away, busy or restarted, and stops where asking again is of no use.
func TestAwait(t *testing.T) {
	consent := must(NewConsent([]byte("opaque")))
	type step struct {
		answer Status
		cms    []byte
	}
	for name, c := range map[string]struct {
		steps  []step
		want   error
		pauses int
	}{
		"signed at once":     {[]step{{cms: []byte{1}}}, nil, 0},
		"signed later":       {[]step{{answer: StatusPending}, {answer: StatusPending}, {cms: []byte{1}}}, nil, 2},
		"busy and failed":    {[]step{{answer: StatusBusy}, {answer: StatusFailed}, {cms: []byte{1}}}, nil, 2},
		"another version":    {[]step{{answer: StatusVersion}}, ErrVersion, 0},
		"restarted":          {[]step{{answer: StatusUnknown}, {answer: StatusOK}, {cms: []byte{1}}}, nil, 1},
		"restarted, taken":   {[]step{{answer: StatusUnknown}, {answer: StatusTaken}}, ErrTaken, 0},
		"restarted, expired": {[]step{{answer: StatusUnknown}, {answer: StatusClosed}}, ErrClosed, 0},
		"never":              {[]step{{answer: StatusPending}, {answer: StatusPending}, {answer: StatusPending}, {answer: StatusPending}}, context.Canceled, 4},
	} {
		at := 0
		relay := liar(t, func(h head) answer {
			s := c.steps[at]
			at++
			a := answer{Version: version, Status: s.answer, CMS: s.cms}
			if h.Kind == kindRegister && s.answer == StatusOK {
				a.Until = uint64(noon.Unix())
			}
			return a
		})
		h := hosttest.New(t, nil, hosttest.Loopback)
		connect(t, h, relay)
		pauses := 0
		cms, err := Await(hosttest.Within(t), h, relay.ID(), consent, func(_ context.Context, d time.Duration) error {
			if pauses++; pauses == 4 {
				return context.Canceled
			}
			if d != CollectEvery {
				t.Errorf("pause of %s", d)
			}
			return nil
		})
		if !errors.Is(err, c.want) || pauses != c.pauses || (err == nil) != bytes.Equal(cms, []byte{1}) {
			t.Errorf("%s: %d pauses, %v", name, pauses, err)
		}
		_ = relay.Close()
	}
	// A relay that is not there is tried again.
	away, pauses := hosttest.New(t, nil, hosttest.Loopback), 0
	_, err := Await(hosttest.Within(t), away, peerOf(hosttest.Key(99)), consent, func(context.Context, time.Duration) error {
		if pauses++; pauses == 3 {
			return context.DeadlineExceeded
		}
		return nil
	})
	if !errors.Is(err, context.DeadlineExceeded) || pauses != 3 {
		t.Errorf("a relay that is away: %d pauses, %v", pauses, err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	if err := Wait(t.Context(), time.Millisecond); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
