package practice

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"log/slog"
	"sync"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/booking"
	"pieks/node/mailbox"
)

const (
	// watchAgain: how soon a watch that ended is opened again while the relay is there.
	watchAgain = 2 * time.Second
	// sendAgain: how soon an answer that no relay took is offered again, and a message that could not be written down is read again.
	sendAgain = 5 * time.Second
	// seenMail bounds the memory of envelopes that were answered; several relays hold the same one.
	seenMail = 1024
)

// postbox reads one mailbox at all relays that the host is connected to, and answers what it finds.
type postbox struct {
	host    libhost.Host
	key     ed25519.PrivateKey // owner of the box
	sealing *ecdh.PrivateKey
	handle  func(ctx context.Context, msg []byte) (booking.Mailed, error)
	send    func(ctx context.Context, to letter) error
	now     func() time.Time
	log     *slog.Logger

	ctx    context.Context // of the answers, which outlive the watch that brought the message
	cancel context.CancelFunc

	mu       sync.Mutex
	watching map[peer.ID]context.CancelFunc
	answers  map[mailbox.EnvelopeID]*answer
	wg       sync.WaitGroup
}

// answer is what becomes of one envelope. Its fields are set before done is closed.
type answer struct {
	done   chan struct{}
	forget bool // the relays may delete the envelope
}

// start makes b ready; it answers until close, or ctx ends.
func (b *postbox) start(ctx context.Context) *postbox {
	b.watching, b.answers = map[peer.ID]context.CancelFunc{}, map[mailbox.EnvelopeID]*answer{}
	b.ctx, b.cancel = context.WithCancel(ctx)
	return b
}

// letter is a message and the box it goes to.
type letter struct {
	message []byte
	box     mailbox.BoxID
	sealing [32]byte
	relays  []string
}

func (b *postbox) boxID() mailbox.BoxID { return mailbox.BoxID(b.key.Public().(ed25519.PublicKey)) }

// open watches the box at relay until shut, or ctx ends.
func (b *postbox) open(ctx context.Context, relay peer.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watching[relay] != nil || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	b.watching[relay] = cancel
	b.wg.Add(1)
	go func() {
		defer b.wg.Done()
		b.watch(ctx, relay)
	}()
}

func (b *postbox) shut(relay peer.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cancel := b.watching[relay]; cancel != nil {
		cancel()
		delete(b.watching, relay)
	}
}

func (b *postbox) close() {
	b.cancel()
	b.mu.Lock()
	for _, cancel := range b.watching {
		cancel()
	}
	b.mu.Unlock()
	b.wg.Wait()
}

func (b *postbox) watch(ctx context.Context, relay peer.ID) {
	for ctx.Err() == nil {
		if err := b.read(ctx, relay); err != nil {
			b.log.Debug("mailbox not watched", "relay", relay, "err", err)
		}
		wait(ctx, watchAgain)
	}
}

// read answers what the relay pushes until it ends the watch, as it does each hour.
func (b *postbox) read(ctx context.Context, relay peer.ID) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := mailbox.Watch(ctx, b.host, relay, b.key)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for mail := range w.Mail() {
		wg.Go(func() {
			if !b.answered(ctx, mail) {
				return
			}
			if err := w.Delete(ctx, b.key, mail.ID); err != nil {
				b.log.Debug("answered mail stays at the relay", "err", err)
			}
		})
	}
	cancel()
	err = w.Close()
	wg.Wait()
	return err
}

// answered waits until an envelope has its answer and says whether the relay may forget it. The same envelope comes from several
// relays, and again with each watch: it is answered once.
func (b *postbox) answered(ctx context.Context, mail mailbox.Mail) bool {
	b.mu.Lock()
	a := b.answers[mail.ID]
	if a == nil {
		b.makeRoom()
		a = &answer{done: make(chan struct{})}
		b.answers[mail.ID] = a
		b.wg.Add(1)
		go func() {
			defer b.wg.Done()
			b.finish(a, mail.ID, b.answer(mail))
		}()
	}
	b.mu.Unlock()
	select {
	case <-a.done:
		return a.forget
	case <-ctx.Done():
		return false
	}
}

func (b *postbox) finish(a *answer, id mailbox.EnvelopeID, forget bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !forget {
		delete(b.answers, id) // to be read again
	}
	a.forget = forget
	close(a.done)
}

// makeRoom forgets what was answered when there is too much of it: at worst an answer is sent twice.
func (b *postbox) makeRoom() {
	if len(b.answers) < seenMail {
		return
	}
	for id, a := range b.answers {
		select {
		case <-a.done:
			delete(b.answers, id)
		default:
		}
	}
}

// answer handles one envelope and says whether the relays may forget it.
func (b *postbox) answer(mail mailbox.Mail) bool {
	msg, err := mailbox.OpenEnvelope(b.boxID(), b.sealing, mail.Envelope)
	if err != nil {
		b.log.Debug("mail does not open and is dropped", "err", err)
		return true
	}
	for b.ctx.Err() == nil && b.now().Before(mail.Until) {
		mailed, err := b.handle(b.ctx, msg)
		switch {
		case err != nil:
			b.log.Debug("mail is dropped", "err", err)
			return b.ctx.Err() == nil
		case !mailed.RetryAt.IsZero():
			wait(b.ctx, max(mailed.RetryAt.Sub(b.now()), retryLeast))
			continue
		case mailed.Message == nil:
			return true
		case isBusy(mailed.Message): // it could not be written down: an answer would cost the patient the request
			wait(b.ctx, sendAgain)
			continue
		}
		err = b.send(b.ctx, letter{mailed.Message, mailed.Box, mailed.Sealing, mailed.Relays})
		if err == nil {
			return true
		}
		b.log.Info("answer not delivered yet", "err", err)
		wait(b.ctx, sendAgain)
	}
	return false
}

// retryLeast keeps a message whose time to be read again has just passed from being read without end.
const retryLeast = 250 * time.Millisecond

func isBusy(msg []byte) bool {
	refused := booking.RefusalIn(msg)
	return refused != nil && refused.Reason == booking.ReasonBusy
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
