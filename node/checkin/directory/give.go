package directory

import (
	"bytes"
	"fmt"
	"io"

	"pieks/gossip/wire"
)

// serve answers one question, from the marks on. may is asked before each batch of listings.
func (s *shelf) serve(st io.ReadWriter, may func() bool) error {
	theirs, err := wire.ReadFrame(st, marksBytes)
	if err != nil {
		return err
	}
	if len(theirs) != marksBytes {
		return say(st, ErrMalformed)
	}
	if err := say(st, nil); err != nil {
		return err
	}
	if err := s.giveIndex(st, marks(theirs)); err != nil {
		return err
	}
	wants, err := wire.ReadFrame(st, wantBytes*maxWants)
	if err != nil {
		return err
	}
	if len(wants)%wantBytes != 0 {
		return fmt.Errorf("%w: wants of %d bytes", ErrMalformed, len(wants))
	}
	return s.give(st, wants, may)
}

// giveIndex sends the rows of all buckets that differ, and an empty frame.
func (s *shelf) giveIndex(st io.Writer, theirs marks) error {
	var frame []byte
	for b := range buckets {
		frame = append(frame, s.differing(b, theirs)...)
		for len(frame) >= rowBytes*indexRows {
			if err := wire.WriteFrame(st, frame[:rowBytes*indexRows]); err != nil {
				return err
			}
			frame = frame[rowBytes*indexRows:]
		}
	}
	if len(frame) > 0 {
		if err := wire.WriteFrame(st, frame); err != nil {
			return err
		}
	}
	return wire.WriteFrame(st, nil)
}

func (s *shelf) differing(bucket int, theirs marks) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prune()
	if bytes.Equal(s.index.digest(bucket), theirs.of(bucket)) {
		return nil
	}
	return s.index.rows(bucket)
}

// give sends the records that are wanted, in their order, one for each.
func (s *shelf) give(st io.Writer, wants []byte, may func() bool) error {
	for n := 0; len(wants) > 0; n, wants = n+1, wants[wantBytes:] {
		if n%writeBatch == 0 && !may() {
			return ErrBusy // what was given is good, and the rest is for later
		}
		r, err := s.record(key(wants[:keyBytes]), wants[keyBytes] != 0)
		if err != nil {
			return err
		}
		if err := wire.WriteObject(st, r); err != nil {
			return err
		}
	}
	return nil
}

// record is a listing as it goes out; empty when there is none by that name.
func (s *shelf) record(k key, card bool) (record, error) {
	s.mu.Lock()
	named := s.index.named(k)
	s.mu.Unlock()
	now := s.now()
	for _, i := range named {
		if !now.Before(i.until) {
			continue
		}
		kept, err := s.signed(i.device)
		if err != nil {
			return record{}, err
		}
		if kept == nil {
			continue
		}
		r := record{Listing: kept.Listing}
		if card {
			r.Card = kept.Card
		}
		return r, nil
	}
	return record{}, nil
}
