package mailbox

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	nodehost "pieks/node/host"
)

// Kept says that a relay holds an envelope durably.
type Kept struct {
	Relay peer.ID
	ID    EnvelopeID
	Until time.Time // the relay drops it then
}

// Mail is an envelope as its box's owner gets it. It may come more than once, also from several relays: whoever acts on it
// remembers the ID until Until.
type Mail struct {
	ID       EnvelopeID
	Box      BoxID
	Envelope []byte
	Until    time.Time
}

// ErrNoRelay says that Put was given no relay.
var ErrNoRelay = errors.New("no relay is known for this mailbox")

// Put leaves an envelope for box at each of the relays, which h must be able to reach, and returns who keeps it. The error is
// non-nil only when none does; putting the same envelope again is harmless.
func Put(ctx context.Context, h host.Host, relays []peer.ID, box BoxID, envelope []byte) ([]Kept, error) {
	if len(envelope) != SmallEnvelope && len(envelope) != LargeEnvelope {
		return nil, fmt.Errorf("put %d bytes: %w", len(envelope), ErrSize)
	}
	if len(relays) == 0 {
		return nil, ErrNoRelay
	}
	var (
		wg    sync.WaitGroup
		until = make([]time.Time, len(relays))
		errs  = make([]error, len(relays))
	)
	for i, relay := range relays {
		wg.Go(func() {
			if until[i], errs[i] = put(ctx, h, relay, box, envelope); errs[i] != nil {
				errs[i] = fmt.Errorf("put mail at relay %s: %w", relay, errs[i])
			}
		})
	}
	wg.Wait()
	var out []Kept
	for i, relay := range relays {
		if errs[i] == nil {
			out = append(out, Kept{Relay: relay, ID: IDOf(envelope), Until: until[i]})
		}
	}
	if len(out) == 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

func put(ctx context.Context, h host.Host, relay peer.ID, box BoxID, envelope []byte) (time.Time, error) {
	st, stop, err := nodehost.Stream(ctx, h, relay, ProtocolID, ServiceName, requestTimeout)
	if err != nil {
		return time.Time{}, err
	}
	defer stop()
	if err := wire.WriteObject(st, request{Version: version, Kind: requestPut, Box: box[:], Envelope: envelope}); err != nil {
		return time.Time{}, err
	}
	r, err := readReply(st)
	if err != nil {
		return time.Time{}, err
	}
	if r.Kind != replyDone {
		return time.Time{}, errShape
	}
	return time.Unix(int64(r.Until), 0), r.Code.err()
}

// Fetch returns what relay keeps for the box of key, oldest first. It deletes nothing.
func Fetch(ctx context.Context, h host.Host, relay peer.ID, key ed25519.PrivateKey) ([]Mail, error) {
	mail, err := once(ctx, h, relay, key, access{Kind: accessFetch})
	if err != nil {
		return nil, fmt.Errorf("fetch mail at relay %s: %w", relay, err)
	}
	return mail, nil
}

// Delete has relay drop envelopes of the box of key, and returns when they are off its disk. Unknown ids are no error.
func Delete(ctx context.Context, h host.Host, relay peer.ID, key ed25519.PrivateKey, ids ...EnvelopeID) error {
	for len(ids) > 0 {
		n := min(len(ids), maxDelete)
		if _, err := once(ctx, h, relay, key, access{Kind: accessDelete, IDs: ids[:n]}); err != nil {
			return fmt.Errorf("delete mail at relay %s: %w", relay, err)
		}
		ids = ids[n:]
	}
	return nil
}

// once opens a session for one access and returns the mail that comes before its done frame.
func once(ctx context.Context, h host.Host, relay peer.ID, key ed25519.PrivateKey, a access) ([]Mail, error) {
	st, stop, err := nodehost.Stream(ctx, h, relay, ProtocolID, ServiceName, requestTimeout)
	if err != nil {
		return nil, err
	}
	defer stop()
	nonce, err := begin(st)
	if err != nil {
		return nil, err
	}
	if err := writeAccess(st, relay, nonce, key, a); err != nil {
		return nil, err
	}
	var out []Mail
	for {
		r, err := readReply(st)
		switch {
		case err != nil:
			return nil, err
		case r.Kind == replyDone:
			return out, r.Code.err()
		case r.Kind != replyMail || BoxID(r.Box) != boxOf(key) || len(out) >= MaxPerBox:
			return nil, errShape
		}
		out = append(out, mailFrom(r))
	}
}

// begin opens an owner's session on a stream and returns what its accesses are signed over.
func begin(st network.Stream) (nonce [32]byte, err error) {
	if err := wire.WriteObject(st, request{Version: version, Kind: requestOpen}); err != nil {
		return nonce, err
	}
	r, err := readReply(st)
	switch {
	case err != nil:
		return nonce, err
	case r.Kind == replyDone && r.Code != CodeOK:
		return nonce, r.Code.err()
	case r.Kind != replyNonce:
		return nonce, errShape
	}
	return [32]byte(r.Nonce), nil
}

func writeAccess(st network.Stream, relay peer.ID, nonce [32]byte, key ed25519.PrivateKey, a access) error {
	a.Version, a.Relay, a.Nonce, a.Box = version, []byte(relay), nonce, boxOf(key)
	signed, err := wire.SignObject(accessType, key, a)
	if err != nil {
		return err
	}
	return wire.WriteFrame(st, signed)
}

func boxOf(key ed25519.PrivateKey) BoxID { return BoxID(key.Public().(ed25519.PublicKey)) }

func readReply(st network.Stream) (reply, error) {
	var r reply
	if err := wire.ReadObject(st, maxRelayFrame, &r); err != nil {
		return r, err
	}
	return r, checkReply(r)
}

func mailFrom(r reply) Mail {
	return Mail{ID: IDOf(r.Envelope), Box: BoxID(r.Box), Envelope: r.Envelope, Until: time.Unix(int64(r.Until), 0)}
}
