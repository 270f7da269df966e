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
	// sendAgain: how soon an answer that no relay took is offered again.
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
	log     *slog.Logger

	mu       sync.Mutex
	watching map[peer.ID]context.CancelFunc
	seen     map[mailbox.EnvelopeID]bool
	wg       sync.WaitGroup
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
	if b.watching == nil {
		b.watching, b.seen = map[peer.ID]context.CancelFunc{}, map[mailbox.EnvelopeID]bool{}
	}
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
	b.mu.Lock()
	for _, cancel := range b.watching {
		cancel()
	}
	b.mu.Unlock()
	b.wg.Wait()
}

func (b *postbox) watch(ctx context.Context, relay peer.ID) {
	for ctx.Err() == nil {
		w, err := mailbox.Watch(ctx, b.host, relay, b.key)
		if err != nil {
			b.log.Debug("mailbox not watched", "relay", relay, "err", err)
		} else {
			for mail := range w.Mail() {
				b.wg.Add(1)
				go func() {
					defer b.wg.Done()
					if b.answer(ctx, mail) {
						if err := w.Delete(ctx, b.key, mail.ID); err != nil {
							b.log.Debug("answered mail stays at the relay", "err", err)
						}
					}
				}()
			}
			_ = w.Close()
		}
		wait(ctx, watchAgain)
	}
}

// answer handles one envelope and says whether the relay may forget it.
func (b *postbox) answer(ctx context.Context, mail mailbox.Mail) bool {
	if b.known(mail.ID) {
		return true
	}
	msg, err := mailbox.OpenEnvelope(b.boxID(), b.sealing, mail.Envelope)
	if err != nil {
		b.log.Debug("mail does not open and is dropped", "err", err)
		return true
	}
	for ctx.Err() == nil {
		mailed, err := b.handle(ctx, msg)
		if err != nil && mailed.Message == nil && mailed.RetryAt.IsZero() {
			b.log.Debug("mail is dropped", "err", err)
			return ctx.Err() == nil
		}
		if !mailed.RetryAt.IsZero() {
			wait(ctx, time.Until(mailed.RetryAt))
			continue
		}
		if mailed.Message == nil {
			b.remember(mail.ID)
			return true
		}
		err = b.send(ctx, letter{mailed.Message, mailed.Box, mailed.Sealing, mailed.Relays})
		if err == nil {
			b.remember(mail.ID)
			return true
		}
		b.log.Info("answer not delivered yet", "err", err)
		wait(ctx, sendAgain)
	}
	return false
}

func (b *postbox) known(id mailbox.EnvelopeID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen[id]
}

func (b *postbox) remember(id mailbox.EnvelopeID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.seen) >= seenMail {
		clear(b.seen) // at worst an answer is sent twice
	}
	b.seen[id] = true
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
