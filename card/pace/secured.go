package pace

import (
	"context"
	"fmt"

	"pieks/card"
)

// secured is a channel after PACE, at the terminal. It is not for concurrent use: command and answer are counted.
type secured struct {
	ch      card.Channel
	session *session
	over    error // why it is
}

// ATR is the answer to reset of the channel below; nil if that has none.
func (s *secured) ATR() []byte {
	if knows, ok := s.ch.(interface{ ATR() []byte }); ok {
		return knows.ATR()
	}
	return nil
}

// Transmit secures a command and opens its answer. What was refused before it was sent leaves the channel as it is; any other error ends it, since the
// two ends may count differently.
func (s *secured) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if s.over != nil {
		return nil, s.over
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := card.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	raw, err := s.session.wrapCommand(c)
	if err != nil {
		return nil, err
	}
	response, err := s.ch.Transmit(ctx, raw)
	if err != nil {
		return nil, s.end(err)
	}
	plain, err := s.session.unwrapResponse(response)
	if err != nil {
		return nil, s.end(fmt.Errorf("%w: %w", ErrUnsecured, err))
	}
	return plain, nil
}

func (s *secured) end(why error) error {
	s.over, s.session = why, nil
	return why
}
