package relay

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/checkin/directory"
	bundle "pieks/node/network"
)

// directoryTimeout: what a minute brings, on a slow line; of a directory that is fetched as a whole each minute brings a part, which stays.
const directoryTimeout = 30 * time.Second

func (n *Node) openDirectory() (err error) {
	n.directory, err = directory.Serve(directory.Config{
		Host: n.host, Store: n.home.Store, Roots: n.roots, Usable: func() bool { return n.home.Network.Usable() == nil },
		LimitLocal: n.cfg.LimitLocal, Now: n.home.Now, Log: n.log,
	})
	if err != nil {
		return err
	}
	n.onClose(n.directory.Close)
	return nil
}

// syncDirectory fetches what another relay has of the directory.
func (n *Node) syncDirectory(ctx context.Context, relay peer.ID) {
	ctx, cancel := context.WithTimeout(ctx, directoryTimeout)
	defer cancel()
	if _, err := n.directory.Sync(ctx, relay); err != nil {
		n.log.Debug("directory not fetched", "err", err)
	}
}

// judgeDirectory drops listings that a newer network file does not stand behind. With another card root it takes seconds, so it is a loop of its own.
func (n *Node) judgeDirectory(ctx context.Context) {
	changed := make(chan struct{}, 1)
	stop := n.home.Network.OnChange(func(*bundle.Bundle) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer stop()
	for {
		if err := n.directory.Judge(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("the directory was not held against the network file", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
