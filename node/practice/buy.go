package practice

import (
	"context"
	"errors"
	"time"
)

const (
	// refillAgain: when no issuer was reached.
	refillAgain = 5 * time.Second
	// stockAhead is for how many epochs after this one passes are kept: a week offline. With this one it is one batch.
	stockAhead = 7
	// stockLow: below so many the stock is filled up.
	stockLow = 4
	// renewEvery: the enrolment is looked at.
	renewEvery = time.Hour
)

// buy keeps passes in stock: at once when the practice has none to go on with, else at a random time, so that
// an issuer cannot tell from when it is asked whose pass it sees later.
func (n *Node) buy(ctx context.Context) {
	for ctx.Err() == nil {
		next := min(n.rules().Epoch/8, time.Hour)
		if missing, urgent := n.missing(); len(missing) > 0 && !urgent {
			n.waitToBuy(ctx, pause(n.rules().Epoch/4))
		}
		if missing, _ := n.missing(); len(missing) > 0 { // as it is after the wait
			if err := n.refill(ctx, missing); err != nil && ctx.Err() == nil {
				n.log.Warn("passes not fetched yet", "err", err)
				next = refillAgain
			}
			n.wake()
		}
		n.waitToBuy(ctx, next)
	}
}

// waitToBuy waits, at most until there is a newer network file: it may name issuers for epochs that had none.
func (n *Node) waitToBuy(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-n.renewed:
	}
}

// missing are the epochs to buy for when the stock is low. It is urgent when the present one or the next is missing.
func (n *Node) missing() (epochs []uint64, urgent bool) {
	policy := n.home.Network.Policy()
	if policy == nil || n.usable() != nil {
		return nil, false
	}
	want := wanted(policy.Rules, n.home.Now(), stockAhead)
	have := 0
	for i, e := range want {
		if _, err := n.stock.get(e); err == nil {
			have++
			continue
		}
		if len(policy.IssuerKeys("", e)) == 0 {
			continue // not before the operators renew the network file
		}
		epochs = append(epochs, e)
		urgent = urgent || i < 2
	}
	if have >= stockLow {
		return nil, false
	}
	return epochs, urgent
}

func (n *Node) refill(ctx context.Context, epochs []uint64) error {
	d := n.openedDesk()
	if d == nil {
		return errors.New("the desk is not open")
	}
	connect := func(ctx context.Context, issuer string) error {
		infos := n.home.RelayInfos([]string{issuer})
		if len(infos) == 0 {
			return errNoIssuer
		}
		return connect(ctx, d.host, infos[0])
	}
	return n.stock.refill(ctx, d.host, n.home.Network.Policy(), n.enrolment(), n.identity.device, epochs, connect)
}

// keepEnrolled looks at the enrolment now and then: in a test network it is renewed in time, else it is said when the card is wanted.
func (n *Node) keepEnrolled(ctx context.Context) {
	for {
		wait(ctx, renewEvery)
		if ctx.Err() != nil {
			return
		}
		n.lookAtEnrolment(ctx)
	}
}
