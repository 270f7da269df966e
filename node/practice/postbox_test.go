package practice

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pieks/node/booking"
	"pieks/node/home/testnet"
	"pieks/node/mailbox"
)

// counted is a postbox that counts what it is asked to do.
type counted struct {
	*postbox
	mu            sync.Mutex
	handled, sent int
	replies       []booking.Mailed // one after the other, the last again and again
	fail          error            // of sending
}

func newCounted(t *testing.T, replies ...booking.Mailed) *counted {
	t.Helper()
	sealing, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{replies: replies}
	c.postbox = (&postbox{key: newKeyed(t), sealing: sealing, now: time.Now, log: slog.New(slog.DiscardHandler),
		handle: func(context.Context, []byte) (booking.Mailed, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			reply := c.replies[min(c.handled, len(c.replies)-1)]
			c.handled++
			return reply, nil
		},
		send: func(context.Context, letter) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.sent++
			return c.fail
		},
	}).start(t.Context())
	return c
}

func (c *counted) counts() (handled, sent int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handled, c.sent
}

func (c *counted) mail(t *testing.T) mailbox.Mail {
	t.Helper()
	envelope, err := mailbox.SealEnvelope(c.boxID(), [32]byte(c.sealing.PublicKey().Bytes()), []byte("request"))
	if err != nil {
		t.Fatal(err)
	}
	return mailbox.Mail{ID: mailbox.IDOf(envelope), Box: c.boxID(), Envelope: envelope, Until: time.Now().Add(72 * time.Hour)}
}

// The same envelope from three relays, and again later, is answered once, and each relay may forget it.
func TestMailIsAnsweredOnce(t *testing.T) {
	c := newCounted(t, booking.Mailed{Message: []byte("answer")})
	defer c.close()
	mail := c.mail(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if !c.answered(t.Context(), mail) {
				t.Error("the relay keeps it")
			}
		})
	}
	wg.Wait()
	if !c.answered(t.Context(), mail) {
		t.Error("pushed again, it is kept")
	}
	if handled, sent := c.counts(); handled != 1 || sent != 1 {
		t.Errorf("handled %d times, sent %d times", handled, sent)
	}
}

// A message is read again after a draw, and when the practice could not write it down; what was answered goes out when a relay takes it. The
// watch that brought the message may end meanwhile.
func TestMailWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := booking.Mailed{Message: booking.Refuse(booking.ReasonBusy, time.Time{})}
		c := newCounted(t, booking.Mailed{RetryAt: time.Now().Add(30 * time.Second)}, busy, booking.Mailed{Message: []byte("answer")})
		defer c.close()
		c.fail = errors.New("no relay")
		mail := c.mail(t)
		watch, end := context.WithTimeout(t.Context(), time.Second)
		if c.answered(watch, mail) {
			t.Error("deleted before it was answered")
		}
		end()
		time.Sleep(28 * time.Second)
		if handled, _ := c.counts(); handled != 1 {
			t.Errorf("handled %d times while the draw goes on", handled)
		}
		time.Sleep(15 * time.Second)
		handled, sent := c.counts()
		if handled < 3 || sent == 0 {
			t.Errorf("handled %d times, tried to send %d times", handled, sent)
		}
		c.mu.Lock()
		c.fail = nil
		c.mu.Unlock()
		if !c.answered(t.Context(), mail) {
			t.Error("kept after it was answered")
		}
	})
}

// What nobody can read is dropped, and close ends an answer that waits.
func TestMailThatIsNone(t *testing.T) {
	c := newCounted(t, booking.Mailed{RetryAt: time.Now().Add(time.Hour)})
	mail := c.mail(t)
	mail.Envelope[len(mail.Envelope)-1] ^= 1
	mail.ID = mailbox.IDOf(mail.Envelope)
	if !c.answered(t.Context(), mail) {
		t.Error("a damaged envelope is kept")
	}
	waiting := make(chan bool)
	go func() { waiting <- c.answered(t.Context(), c.mail(t)) }()
	testnet.Until(t, "the message is handled", func() bool { handled, _ := c.counts(); return handled == 1 })
	c.close()
	if <-waiting {
		t.Error("a message that was not answered may be deleted")
	}
}
