package disclosure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	nodehost "pieks/node/host"
)

// maxFetches ends the questions to a relay that always has more: 64 relays' lists of two weeks in answers of eight.
const maxFetches = maxMarks * markSpan / maxListsPerFetch

// Reading says which lists somebody has and takes.
type Reading struct {
	Known  Known              // lists that are not asked for
	Relays func(peer.ID) bool // relays of the network
	Now    func() time.Time   // nil = time.Now
}

// FetchLists asks relay for lists that are not known, and hands each verified one to take, the oldest first; an error of take ends it and is
// returned. One list is in memory at a time, at most 16 MiB. Lists of relays that are not in the network, or from another time, are left out;
// one that is damaged ends it with its error. What take got until then is good.
func FetchLists(ctx context.Context, h host.Host, relay peer.ID, r Reading, take func(List) error) error {
	if r.Now == nil {
		r.Now = time.Now
	}
	for range maxFetches {
		progress := false
		more, err := fetchSome(ctx, h, relay, r, func(l List, good bool) error {
			if r.Known.Has(l.Relay, l.Number) {
				return fmt.Errorf("%w: it was known", ErrList)
			}
			r.Known = r.Known.With(l.Relay, l.Number)
			progress = progress || r.Known.Has(l.Relay, l.Number)
			if !good {
				return nil
			}
			return take(l)
		})
		if err != nil {
			return fmt.Errorf("fetch lists of disclosed data: %w", err)
		}
		if !more || !progress {
			return nil
		}
	}
	return nil
}

// fetchSome asks once.
func fetchSome(ctx context.Context, h host.Host, relay peer.ID, r Reading, take func(l List, good bool) error) (more bool, err error) {
	st, stop, err := nodehost.Stream(ctx, h, relay, ProtocolID, ServiceName, listsTimeout)
	if err != nil {
		return false, err
	}
	defer stop()
	if err := send(st, head{Version: version, Kind: kindLists}, marksBytes, marksMessage{Known: r.Known}); err != nil {
		return false, err
	}
	a, err := readAnswer(st, kindLists)
	if err != nil {
		return false, err
	}
	for range a.Lists {
		l, good, err := receiveList(st, r.Relays, r.Now())
		if err != nil {
			return false, err
		}
		if err := take(l, good); err != nil {
			return false, err
		}
	}
	return a.More && a.Lists > 0, nil
}

// receiveList reads one list and its items. Those of a list that is not good are read, too, since the next list stands behind them, and
// thrown away.
func receiveList(st network.Stream, trusted func(peer.ID) bool, now time.Time) (l List, good bool, err error) {
	signed, err := readFrame(st, maxListBytes)
	if err != nil {
		return List{}, false, err
	}
	l, hashes, err := readList(signed, trusted, now)
	good = err == nil
	if err != nil && !errors.Is(err, ErrListRelay) && !errors.Is(err, ErrListTime) {
		return List{}, false, err
	}
	for _, hash := range hashes {
		item, err := readFrame(st, MaxData)
		if err != nil {
			return List{}, false, err
		}
		if err := checkItem(item, hash); err != nil {
			return List{}, false, err
		}
		if good {
			l.Items = append(l.Items, item)
		}
	}
	return l, good, nil
}

func readFrame(st network.Stream, limit int) ([]byte, error) {
	data, err := wire.ReadFrame(st, limit)
	switch {
	case errors.Is(err, wire.ErrFrameSize):
		return nil, fmt.Errorf("%w (%w)", ErrList, err)
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	}
	return data, err
}
