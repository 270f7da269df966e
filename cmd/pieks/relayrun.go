package main

import (
	"errors"
	"log/slog"
	"math"

	"pieks/node/relay"
	"pieks/node/web/health"
)

// Carrying are the flags about what a relay carries, and who may ask.
type Carrying struct {
	MonthlyGB     float64 `name:"monthly-gb" env:"PIEKS_RELAY_MONTHLY_GB" help:"Volume of a month (UTC) in GB, in and out together, after which new patients are sent to other relays; 0 is any. A hoster counts headers, too: set a tenth less than its limit." placeholder:"N"`
	MetricsListen string  `help:"Serve /healthz, /readyz and /metrics (Prometheus) at this address; a port alone is on loopback. Off when left out." placeholder:"ADDR:PORT"`
}

// maxMonthlyGB: a petabyte, more than a port of 1 Gbit/s carries in a month.
const maxMonthlyGB = 1e6

// check says where to listen for health checks, "" for nowhere, and warns when others can ask.
func (c Carrying) check(a *app) (at string, err error) {
	if !(c.MonthlyGB >= 0 && c.MonthlyGB <= maxMonthlyGB) {
		return "", usagef("--monthly-gb is a number of gigabytes, 0 to %d", int(maxMonthlyGB))
	}
	if c.MetricsListen == "" {
		return "", nil
	}
	at, local, err := health.Address(c.MetricsListen)
	if err != nil {
		return "", usagef("--metrics-listen: %w", err)
	}
	if !local {
		a.note("WARNING: everybody who reaches %s can read this relay's health and metrics, without a password and unencrypted.", at)
	}
	return at, nil
}

func (c Carrying) monthlyBytes() uint64 { return uint64(math.Round(c.MonthlyGB * 1e9)) }

// watched is a relay whose health checks have an address of their own.
type watched struct {
	node
	health *health.Server
}

func watch(n *relay.Node, at string, log *slog.Logger) (node, error) {
	server, err := health.Listen(at, health.Handler(relayRole, n.Handlers(), n.Home().Started), log)
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return watched{n, server}, nil
}

// Close ends the health checks before the node that they ask.
func (w watched) Close() error { return errors.Join(w.health.Close(), w.node.Close()) }
