package directory

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	nodehost "pieks/node/host"
)

// sync fetches from a relay what this copy lacks and keeps what verifies, in rounds, until nothing is missing. It gives how many listings are new. What
// was kept before an error is good.
func (s *shelf) sync(ctx context.Context, h host.Host, relay peer.ID) (fresh int, err error) {
	for range maxRounds {
		n, more, err := s.round(ctx, h, relay)
		fresh += n
		if err != nil {
			return fresh, fmt.Errorf("fetch the directory: %w", err)
		}
		if !more || n == 0 {
			break
		}
	}
	return fresh, nil
}

// want is a listing that the relay has and this copy lacks.
type want struct {
	row  row
	card bool // its practice card is wanted, too
}

// round asks once. more says that the relay has more than is asked for at once.
func (s *shelf) round(ctx context.Context, h host.Host, relay peer.ID) (fresh int, more bool, err error) {
	st, stop, err := nodehost.Stream(ctx, h, relay, ProtocolID, ServiceName, fetchTimeout)
	if err != nil {
		return 0, false, err
	}
	defer stop()
	return s.exchange(ctx, st)
}

// exchange is a round on a stream.
func (s *shelf) exchange(ctx context.Context, st io.ReadWriter) (fresh int, more bool, err error) {
	wants, more, err := s.compare(st)
	if err != nil || len(wants) == 0 {
		return 0, false, err
	}
	for len(wants) > 0 {
		n := min(len(wants), writeBatch)
		got, err := s.receive(ctx, st, wants[:n])
		fresh += got
		if err != nil {
			return fresh, false, err
		}
		wants = wants[n:]
	}
	return fresh, more, nil
}

// compare sends the marks of this copy, reads the index of what differs, and says what is wanted.
func (s *shelf) compare(st io.ReadWriter) (wants []want, more bool, err error) {
	s.mu.Lock()
	s.prune()
	m := s.index.marks()
	s.mu.Unlock()
	if err := wire.WriteObject(st, head{Version: version, Kind: kindFetch}); err != nil {
		return nil, false, err
	}
	if err := wire.WriteFrame(st, m[:]); err != nil {
		return nil, false, err
	}
	if err := readAnswer(st); err != nil {
		return nil, false, err
	}
	if wants, more, err = s.readIndex(st); err != nil {
		return nil, false, err
	}
	frame := make([]byte, 0, wantBytes*len(wants))
	for _, w := range wants {
		k := w.row.key()
		frame = append(frame, k[:]...)
		if w.card {
			frame = append(frame, 1)
		} else {
			frame = append(frame, 0)
		}
	}
	return wants, more, wire.WriteFrame(st, frame)
}

// readIndex reads rows until an empty frame, and chooses.
func (s *shelf) readIndex(st io.Reader) (wants []want, more bool, err error) {
	for rows := 0; ; {
		frame, err := readFrame(st, rowBytes*indexRows)
		if err != nil {
			return nil, false, err
		}
		if len(frame) == 0 {
			return wants, more, nil
		}
		if rows += len(frame) / rowBytes; len(frame)%rowBytes != 0 || rows > maxListings+2*maxWithdrawn {
			return nil, false, fmt.Errorf("%w: an index that cannot be", ErrAnswer)
		}
		s.mu.Lock()
		for ; len(frame) > 0; frame = frame[rowBytes:] {
			w, wanted := s.choose(row(frame[:rowBytes]))
			switch {
			case !wanted:
			case len(wants) == maxWants:
				more = true
			default:
				wants = append(wants, w)
			}
		}
		s.mu.Unlock()
	}
}

// choose is the rule of what is wanted. The lock is held.
func (s *shelf) choose(r row) (want, bool) {
	if s.refused[r] {
		return want{}, false
	}
	w := want{row: r, card: true}
	for _, i := range s.index.named(r.key()) {
		if i.seq >= r.seq() {
			return want{}, false
		}
		w.card = !r.sameCard(i)
	}
	return w, true
}

// receive reads the records that were wanted, in their order, and keeps those that verify.
func (s *shelf) receive(ctx context.Context, st io.Reader, wants []want) (int, error) {
	var got []Listing
	later := map[key]bool{} // may be good the next time
	for _, w := range wants {
		var r record
		if err := readObject(st, recordBytes, &r); err != nil {
			return 0, err
		}
		if len(r.Listing) == 0 { // it has ended
			later[w.row.key()] = true
			continue
		}
		l, err := s.complete(w, r)
		if err != nil {
			return 0, err
		}
		got = append(got, l)
	}
	return s.take(ctx, got, wants, later)
}

// complete puts the card beside a listing that came without since it is known.
func (s *shelf) complete(w want, r record) (Listing, error) {
	enrolment := r.Card
	if !w.card && len(r.Card) == 0 {
		s.mu.Lock()
		known := s.index.named(w.row.key())
		s.mu.Unlock()
		for _, i := range known {
			k, err := s.signed(i.device)
			if err != nil {
				return Listing{}, err
			}
			if k != nil {
				enrolment = k.Card
			}
		}
	}
	l, err := Parse(r.Listing, enrolment)
	if err == nil && keyOf(l.Device) != w.row.key() {
		err = fmt.Errorf("%w: a listing that was not asked for", ErrAnswer)
	}
	return l, err
}

// take verifies listings and keeps them. Rows that brought nothing that is good here are not wanted again.
func (s *shelf) take(ctx context.Context, got []Listing, wants []want, later map[key]bool) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	roots := s.roots()
	var good []*taken
	for _, l := range got {
		t, err := s.judge(l, roots)
		switch {
		case t != nil && err == nil:
			good = append(good, t)
		case errors.Is(err, ErrClock), errors.Is(err, ErrExpired): // by this clock, which may be set
			later[keyOf(l.Device)] = true
		}
	}
	fresh, _, err := s.keep(ctx, good)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range wants {
		named := s.index.named(w.row.key())
		if !later[w.row.key()] && (len(named) == 0 || named[0].seq < w.row.seq()) {
			s.refuse(w.row)
		}
	}
	return fresh, nil
}

func readAnswer(st io.Reader) error {
	var a answer
	if err := readObject(st, answerBytes, &a); err != nil {
		return err
	}
	return a.check()
}

// readFrame reads a frame of a relay; one that is too long is no answer.
func readFrame(st io.Reader, limit int) ([]byte, error) {
	data, err := wire.ReadFrame(st, limit)
	switch {
	case errors.Is(err, wire.ErrFrameSize):
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	}
	return data, err
}

func readObject(st io.Reader, limit int, v any) error {
	data, err := readFrame(st, limit)
	if err != nil {
		return err
	}
	if err := wire.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return nil
}

// Put hands a listing to a relay and returns when it is on its disk. The host has to be the listing's own desk. A relay that has it already takes it,
// too.
func Put(ctx context.Context, h host.Host, relay peer.ID, l Listing) error {
	st, stop, err := nodehost.Stream(ctx, h, relay, ProtocolID, ServiceName, streamTimeout)
	if err != nil {
		return fmt.Errorf("put a listing: %w", err)
	}
	defer stop()
	if err := wire.WriteObject(st, head{Version: version, Kind: kindPut}); err != nil {
		return fmt.Errorf("put a listing: %w", err)
	}
	if err := wire.WriteObject(st, record{Listing: l.signed, Card: l.card}); err != nil {
		return fmt.Errorf("put a listing: %w", err)
	}
	if err := readAnswer(st); err != nil {
		return fmt.Errorf("put a listing: %w", err)
	}
	return nil
}
