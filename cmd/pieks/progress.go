package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

const (
	patience     = time.Second     // what takes longer shows that it is under way
	plainEvery   = 5 * time.Second // how often a log gets a line of progress
	spinInterval = 120 * time.Millisecond
)

// wait runs fn and shows what it waits for once that takes longer than a second: a spinner on a terminal, lines elsewhere.
func (a *app) wait(what string, fn func() error) error {
	done := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case <-done:
			return
		case <-late.C:
		}
		if a.bars {
			a.spin(what, done)
		} else {
			a.note("%s ...", what)
		}
	})
	defer shown.Wait()
	defer close(done)
	return fn()
}

func (a *app) spin(what string, done <-chan struct{}) {
	bar := progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(a.errs), progressbar.OptionSetDescription(what),
		progressbar.OptionSpinnerType(14), progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(true))
	tick := time.NewTicker(spinInterval)
	defer tick.Stop()
	for {
		select {
		case <-done:
			_ = bar.Finish()
			return
		case <-tick.C:
			_ = bar.Add(1)
		}
	}
}

// steps shows how many of a known number of steps are done; the function is called after each of them, never by two at once.
func (a *app) steps(what string) (step func(done, total int), end func()) {
	began := time.Now()
	last := began
	var bar *progressbar.ProgressBar
	step = func(done, total int) {
		now := time.Now()
		switch {
		case now.Sub(began) < patience:
		case a.bars && bar == nil:
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(a.errs), progressbar.OptionSetDescription(what),
				progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
			fallthrough
		case a.bars:
			_ = bar.Set(done)
		case now.Sub(last) >= plainEvery || last.Equal(began):
			last = now
			fmt.Fprintf(a.errs, "pieks: %s: %d of %d ...\n", what, done, total)
		}
	}
	return step, func() {
		if bar != nil {
			_ = bar.Finish()
		}
	}
}
