package practice

import (
	"context"
	"time"

	"pieks/node/network"
)

// askNewsMost: a revocation reaches the practice within a minute, or a cycle of a trial network.
const askNewsMost = time.Minute

// askNews asks some relay for a newer network file again and again, also while the practice is not enrolled and at no relay: the file may say why, or
// that it may offer again.
func (n *Node) askNews(ctx context.Context) {
	for {
		wait(ctx, min(max(n.rules().Cycle, time.Second), askNewsMost))
		if ctx.Err() != nil {
			return
		}
		d := n.openedDesk()
		if d == nil {
			continue
		}
		relays := n.home.RelayInfos(d.relays()) // those that know this desk already
		if len(relays) == 0 {
			relays = n.home.Relays("")
		}
		if len(relays) == 0 {
			continue
		}
		if err := connect(ctx, d.host, relays[0]); err != nil {
			continue // another one next time
		}
		if _, err := network.Fetch(ctx, d.host, relays[0].ID, n.home.Network); err != nil && ctx.Err() == nil {
			n.log.Debug("network file not fetched", "err", err)
		}
	}
}
