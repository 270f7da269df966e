package network

import (
	"context"
	"crypto/x509"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pieks/gossip"
)

// week is [from, to): an ISO week, Monday to Monday at 00:00 UTC. Each relay has one issuer key a week, so that a lost key spoils
// a week's passes at most, and a pass tells no more about its practice than the week.
type week struct{ from, to time.Time }

func weekOf(t time.Time) week {
	day := t.UTC().Truncate(24 * time.Hour)
	monday := day.AddDate(0, 0, -int(day.Weekday()+6)%7)
	return week{monday, monday.AddDate(0, 0, 7)}
}

// weeksOf are the weeks in which an epoch begins whose passes may be used while the bundle counts.
func weeksOf(b *Bundle) []week {
	first := b.Rules.EpochStart(b.Rules.EpochAt(b.IssuedAt()))
	var weeks []week
	for w := weekOf(first); w.from.Before(b.ExpiresAt()); w = weekOf(w.to) {
		weeks = append(weeks, w)
	}
	return weeks
}

func validityOf(weeks int) (time.Duration, error) {
	if weeks < 0 || weeks > maxWeeks {
		return 0, ErrWeeks
	}
	if weeks == 0 {
		return MaxValidity, nil
	}
	return time.Duration(weeks) * 7 * 24 * time.Hour, nil
}

// issue makes the issuer keys that the relays of the bundle lack for the weeks, on all processors.
func (m *Made) issue(ctx context.Context, weeks []week, progress func(done, total int)) error {
	type task struct {
		home int // in m.Relays
		week week
	}
	var tasks []task
	for home := range m.Relays {
		for _, w := range weeks {
			if !m.Bundle.hasIssuer(m.Relays[home].Peer, w) {
				tasks = append(tasks, task{home, w})
			}
		}
	}
	if len(m.Bundle.Issuers)+len(tasks) > maxIssuers {
		return fmt.Errorf("%w: %d issuer keys would be needed, %d fit", ErrSize, len(m.Bundle.Issuers)+len(tasks), maxIssuers)
	}
	var mu sync.Mutex
	done := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, t := range tasks {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("make issuer keys: %w", err)
			}
			public, secret, err := newIssuer(m.Relays[t.home].Peer, t.week)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			m.Bundle.Issuers = append(m.Bundle.Issuers, public)
			m.Relays[t.home].Issuers = append(m.Relays[t.home].Issuers, secret)
			if done++; progress != nil {
				progress(done, len(tasks))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	slices.SortFunc(m.Bundle.Issuers, compareIssuers)
	for _, home := range m.Relays {
		slices.SortFunc(home.Issuers, compareSecrets)
	}
	return nil
}

func (b *Bundle) hasIssuer(relay string, w week) bool {
	return slices.ContainsFunc(b.Issuers, func(k gossip.IssuerKey) bool {
		return k.Issuer == relay && k.From < uint64(w.to.Unix()) && k.To > uint64(w.from.Unix())
	})
}

func newIssuer(relay string, w week) (gossip.IssuerKey, IssuerSecret, error) {
	private, public, err := gossip.NewIssuerKey(relay, w.from, w.to)
	if err != nil {
		return gossip.IssuerKey{}, IssuerSecret{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return gossip.IssuerKey{}, IssuerSecret{}, fmt.Errorf("encode an issuer key: %w", err)
	}
	return public, IssuerSecret{ID: public.ID, From: public.From, To: public.To, Key: der}, nil
}
