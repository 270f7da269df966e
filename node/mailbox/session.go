package mailbox

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/time/rate"

	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
)

// session is an owner's stream. Its handler reads; once it watches, a second goroutine pushes.
type session struct {
	server *Server
	stream network.Stream
	peer   peer.ID
	from   inbound.Source
	nonce  [32]byte
	ends   time.Time

	writing sync.Mutex
	wake    chan struct{}    // holds one: some watched box has mail
	cursor  map[BoxID]uint64 // watched boxes and what was pushed of each, guarded by the server's lock
	pushing sync.WaitGroup
}

func (w *session) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// serveOwner answers signed accesses until the owner closes, is silent without watching, or its hour is over.
func (s *Server) serveOwner(ctx context.Context, st network.Stream, from inbound.Source) error {
	if !s.opens.Allow(string(from)) {
		return done(st, CodeBusy, 0)
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &session{server: s, stream: st, peer: st.Conn().RemotePeer(), from: from, nonce: newNonce(),
		ends: time.Now().Add(sessionTimeout), wake: make(chan struct{}, 1), cursor: map[BoxID]uint64{}}
	defer w.pushing.Wait()
	defer s.unwatch(w)
	defer cancel()
	if err := w.write(reply{Version: version, Kind: replyNonce, Nonce: w.nonce[:]}); err != nil {
		return err
	}
	pace := rate.NewLimiter(rate.Every(accessEvery), accessBurst)
	for {
		if err := pace.Wait(ctx); err != nil {
			return err
		}
		data, err := w.read()
		if errors.Is(err, io.EOF) || errors.Is(err, errHourOver) {
			return nil
		}
		if err != nil {
			return err
		}
		if more, err := w.answer(ctx, data); !more || err != nil {
			return err
		}
	}
}

var errHourOver = errors.New("session has lasted its hour")

func (w *session) read() ([]byte, error) {
	until := time.Now().Add(requestTimeout)
	if w.watching() || until.After(w.ends) {
		until = w.ends
	}
	if err := w.stream.SetReadDeadline(until); err != nil {
		return nil, err
	}
	data, err := wire.ReadFrame(w.stream, maxClientFrame)
	if errors.Is(err, os.ErrDeadlineExceeded) && until.Equal(w.ends) {
		return nil, errHourOver
	}
	return data, err
}

func (w *session) watching() bool {
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	return len(w.cursor) > 0
}

// answer does what a signed access asks. There is no more after one that is not signed as it must be.
func (w *session) answer(ctx context.Context, data []byte) (more bool, err error) {
	a, code := readAccess(data, w.server.self, w.nonce)
	if code != CodeOK {
		r := reply{Version: version, Kind: replyDone, Code: code}
		if code != CodeMalformed {
			r.Box = a.Box[:]
		}
		return false, w.write(r)
	}
	switch a.Kind {
	case accessFetch:
		if code, err = w.fetch(a.Box); err != nil {
			return false, err
		}
	case accessDelete:
		code = w.server.delete(ctx, a.Box, a.IDs)
	case accessWatch:
		code = w.watch(ctx, a.Box)
	}
	return true, w.write(reply{Version: version, Kind: replyDone, Code: code, Box: a.Box[:]})
}

// fetch sends all mail of a box. The error is the stream's, the code the store's.
func (w *session) fetch(box BoxID) (Code, error) {
	for _, e := range w.server.list(box, 0) {
		r, ok, code := w.server.load(e)
		if code != CodeOK {
			return code, nil
		}
		if !ok {
			continue
		}
		if err := w.write(mailOf(r)); err != nil {
			return CodeFailed, err
		}
	}
	return CodeOK, nil
}

// load reads an envelope; it is not ok when it is gone by now.
func (s *Server) load(e *entry) (r record, ok bool, code Code) {
	r, err := s.kept.get(e.box, e.id)
	if errors.Is(err, errGone) {
		return r, false, CodeOK
	}
	if err != nil {
		s.log.Warn("mailbox could not read an envelope", "err", err)
		return r, false, CodeFailed
	}
	return r, true, CodeOK
}

func mailOf(r record) reply {
	return reply{Version: version, Kind: replyMail, Box: r.Box[:], Envelope: r.Envelope,
		Until: r.At + uint64(Retention/time.Second)}
}

// write writes one frame; an owner that takes no bytes for writeTimeout ends its stream.
func (w *session) write(r reply) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	if err := w.stream.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return wire.WriteObject(w.stream, r)
}

// watch adds a box to what is pushed. The first one starts the pushing goroutine.
func (w *session) watch(ctx context.Context, box BoxID) Code {
	s := w.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := w.cursor[box]; ok {
		return CodeOK
	}
	if len(w.cursor) >= MaxBoxes {
		return CodeBusy
	}
	if len(w.cursor) == 0 {
		if !s.enter(w) {
			return CodeBusy
		}
		w.pushing.Go(func() { w.push(ctx) })
	}
	w.cursor[box] = 0
	if s.watchers[box] == nil {
		s.watchers[box] = map[*session]struct{}{}
	}
	s.watchers[box][w] = struct{}{}
	w.wakeUp()
	return CodeOK
}

func (w *session) push(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		for _, e := range w.server.unsent(w) {
			r, ok, code := w.server.load(e)
			if code == CodeOK && !ok {
				continue
			}
			if code != CodeOK || w.write(mailOf(r)) != nil {
				_ = w.stream.Reset() // ends the reading side too
				return
			}
		}
	}
}

// unsent lists what was not pushed yet, and counts it as pushed.
func (s *Server) unsent(w *session) []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*entry
	for box, seq := range w.cursor {
		list := s.index.after(box, seq)
		if len(list) > 0 {
			w.cursor[box] = list[len(list)-1].seq
			out = append(out, list...)
		}
	}
	return out
}

func (s *Server) list(box BoxID, seq uint64) []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index.prune(box, s.now())
	return s.index.after(box, seq)
}

func (s *Server) delete(ctx context.Context, box BoxID, ids []EnvelopeID) Code {
	var found []*entry
	s.mu.Lock()
	for _, id := range ids {
		if e := s.index.find(box, id); e != nil && e.seq > 0 {
			found = append(found, e)
		}
	}
	s.mu.Unlock()
	if len(found) == 0 {
		return CodeOK
	}
	if err := s.kept.delete(ctx, box, ids); err != nil {
		s.log.Warn("mailbox could not delete envelopes", "err", err)
		return CodeFailed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range found {
		s.index.remove(e)
	}
	return CodeOK
}

// enter counts a session that begins to watch against its peer and source. The server's lock is held.
func (s *Server) enter(w *session) bool {
	if s.perPeer[w.peer] >= maxWatchesPerPeer || (w.from != "" && s.perFrom[w.from] >= maxWatchesPerSource) {
		return false
	}
	s.perPeer[w.peer]++
	s.perFrom[w.from]++
	return true
}

// unwatch forgets a session that has ended.
func (s *Server) unwatch(w *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(w.cursor) == 0 {
		return
	}
	for box := range w.cursor {
		delete(s.watchers[box], w)
		if len(s.watchers[box]) == 0 {
			delete(s.watchers, box)
		}
	}
	if s.perPeer[w.peer]--; s.perPeer[w.peer] == 0 {
		delete(s.perPeer, w.peer)
	}
	if s.perFrom[w.from]--; s.perFrom[w.from] == 0 {
		delete(s.perFrom, w.from)
	}
}
