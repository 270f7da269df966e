package mailbox

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	nodehost "pieks/node/host"
)

// ErrWatchEnded says that the relay ended a watch, as it does after an hour and when it stops.
var ErrWatchEnded = errors.New("the relay ended the watch: watch again")

// Watching is an open watch of some boxes at one relay.
type Watching struct {
	relay  peer.ID
	stream network.Stream
	nonce  [32]byte
	ctx    context.Context
	cancel context.CancelFunc
	stop   func()
	mail   chan Mail
	wg     sync.WaitGroup

	writing sync.Mutex // held while an access is written, so that answers has the order of the stream

	mu      sync.Mutex
	boxes   map[BoxID]struct{}
	queue   []Mail
	more    chan struct{} // holds one: queue has grown, or the watch has ended
	answers []chan Code   // one for each access without its done frame, oldest first; closed at the end
	ended   error
}

// Watch opens a stream on which relay pushes what it keeps, and what arrives later, for the boxes of keys, at most MaxBoxes. It
// ends with ctx, with Close, with the connection, or after an hour: the caller then watches again, and is given once more
// what it has not deleted. Close must be called in any case.
func Watch(ctx context.Context, h host.Host, relay peer.ID, keys ...ed25519.PrivateKey) (*Watching, error) {
	ctx, cancel := context.WithCancel(ctx)
	st, stop, err := nodehost.Stream(ctx, h, relay, ProtocolID, ServiceName, requestTimeout)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("watch mail at relay %s: %w", relay, err)
	}
	nonce, err := begin(st)
	if err != nil {
		stop()
		cancel()
		return nil, fmt.Errorf("watch mail at relay %s: %w", relay, err)
	}
	_ = st.SetReadDeadline(time.Time{})
	w := &Watching{relay: relay, stream: st, nonce: nonce, ctx: ctx, cancel: cancel, stop: stop, mail: make(chan Mail),
		boxes: map[BoxID]struct{}{}, more: make(chan struct{}, 1)}
	w.wg.Go(w.read)
	w.wg.Go(w.deliver)
	for _, key := range keys {
		if err := w.Add(ctx, key); err != nil {
			_ = w.Close()
			return nil, err
		}
	}
	return w, nil
}

// Mail delivers envelopes; it is closed when the watch has ended.
func (w *Watching) Mail() <-chan Mail { return w.mail }

// Err says why the watch ended, nil while it has not.
func (w *Watching) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended
}

// Close ends the watch and waits for its goroutines.
func (w *Watching) Close() error {
	w.cancel()
	w.stop()
	w.wg.Wait()
	return nil
}

// Add watches one more box on the same stream.
func (w *Watching) Add(ctx context.Context, key ed25519.PrivateKey) error {
	w.mu.Lock()
	w.boxes[boxOf(key)] = struct{}{}
	w.mu.Unlock()
	if err := w.ask(ctx, key, access{Kind: accessWatch}); err != nil {
		return fmt.Errorf("watch mail at relay %s: %w", w.relay, err)
	}
	return nil
}

// Delete is Delete on the same stream.
func (w *Watching) Delete(ctx context.Context, key ed25519.PrivateKey, ids ...EnvelopeID) error {
	for len(ids) > 0 {
		n := min(len(ids), maxDelete)
		if err := w.ask(ctx, key, access{Kind: accessDelete, IDs: ids[:n]}); err != nil {
			return fmt.Errorf("delete mail at relay %s: %w", w.relay, err)
		}
		ids = ids[n:]
	}
	return nil
}

// ask writes an access and waits for its done frame.
func (w *Watching) ask(ctx context.Context, key ed25519.PrivateKey, a access) error {
	answer := make(chan Code, 1)
	if err := w.write(key, a, answer); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	select {
	case code, ok := <-answer:
		if !ok {
			return w.Err()
		}
		return code.err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Watching) write(key ed25519.PrivateKey, a access, answer chan Code) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.mu.Lock()
	if w.ended != nil {
		w.mu.Unlock()
		return w.ended
	}
	w.answers = append(w.answers, answer)
	w.mu.Unlock()
	_ = w.stream.SetWriteDeadline(time.Now().Add(requestTimeout))
	if err := writeAccess(w.stream, w.relay, w.nonce, key, a); err != nil {
		w.cancel() // the answers would no longer match
		return err
	}
	return nil
}

// read takes frames until the stream ends.
func (w *Watching) read() {
	for {
		r, err := readReply(w.stream)
		if err == nil {
			err = w.take(r)
		}
		if err != nil {
			w.end(err)
			return
		}
	}
}

// take sorts one frame to whom it is for.
func (w *Watching) take(r reply) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch r.Kind {
	case replyDone:
		if len(w.answers) == 0 {
			return errShape
		}
		w.answers[0] <- r.Code // holds one, and gets one
		w.answers = w.answers[1:]
	case replyMail:
		if _, ok := w.boxes[BoxID(r.Box)]; !ok || len(w.queue) >= MaxBoxes*MaxPerBox {
			return errShape
		}
		w.queue = append(w.queue, mailFrom(r))
		w.wake()
	default:
		return errShape
	}
	return nil
}

func (w *Watching) wake() {
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// end records why the stream ended and tells everybody who waits for it.
func (w *Watching) end(err error) {
	switch {
	case w.ctx.Err() != nil:
		err = w.ctx.Err()
	case errors.Is(err, io.EOF):
		err = ErrWatchEnded
	default:
		err = fmt.Errorf("watch mail at relay %s: %w", w.relay, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = err
	for _, answer := range w.answers {
		close(answer)
	}
	w.answers = nil
	w.stop()
	w.wake()
}

// deliver hands the queue to the caller, so that a caller who deletes between two mails never stops the reading.
func (w *Watching) deliver() {
	defer close(w.mail)
	for {
		mail, ok, ended := w.next()
		if ended {
			return
		}
		if !ok {
			select {
			case <-w.more:
			case <-w.ctx.Done():
				return
			}
			continue
		}
		select {
		case w.mail <- mail:
		case <-w.ctx.Done():
			return
		}
	}
}

func (w *Watching) next() (mail Mail, ok, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		return Mail{}, false, w.ended != nil
	}
	mail, w.queue = w.queue[0], w.queue[1:]
	return mail, true, false
}
