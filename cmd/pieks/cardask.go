package main

import (
	"context"
	"strings"
	"time"

	"golang.org/x/term"

	"pieks/node/control"
)

// askAgain: a practice is reminded of its card once a day, and looked at more often than that.
const (
	askAgain = 24 * time.Hour
	askEvery = time.Minute
)

// askForCard asks, at the terminal of a running practice, for card and PIN when the enrolment is wanted or ends soon. Where nobody can be asked it is
// said, once a day.
func (a *app) askForCard(ctx context.Context) {
	if a.interactive() {
		// Whoever stops the node in the middle of a PIN gets the terminal back as it was.
		if state, err := term.GetState(int(a.in.Fd())); err == nil {
			defer func() { _ = term.Restore(int(a.in.Fd()), state) }()
		}
	}
	var asked time.Time
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		var e control.Enrolment
		err := a.ask(ctx, "Asking the node", control.MethodEnrolment, nil, &e, practiceRole)
		if err == nil && e.State != "enrolled" && e.Why != "details" && time.Since(asked) >= askAgain {
			asked = time.Now()
			answered := make(chan struct{})
			go func() {
				defer close(answered)
				a.enrolNow(ctx, e)
			}()
			select {
			case <-answered:
			case <-ctx.Done():
				return // what is being typed is nobody's any more: the process ends
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *app) enrolNow(ctx context.Context, e control.Enrolment) {
	if e.State == "due" {
		a.note("This practice is enrolled until %s. Its card is wanted again.", day(e.NotAfter))
	} else {
		a.note("Nothing can be offered: %s", sentence(e.Reason))
	}
	if !a.interactive() {
		a.note("Insert the practice card and enrol it in the app, or run pieks card enrol.")
		return
	}
	answer, err := a.prompt("Insert the practice card and press Enter, or type n to do it later, in the app or with pieks card enrol:")
	if err != nil || strings.HasPrefix(strings.ToLower(answer), "n") {
		return
	}
	var now control.Enrolment
	if err := a.ask(ctx, "Asking the node", control.MethodEnrolment, nil, &now, practiceRole); err == nil && now.State == "enrolled" {
		a.note("This practice was enrolled in the app meanwhile, until %s.", day(now.NotAfter))
		return
	}
	if err := enrol(ctx, a, Reader{}, PIN{}, false, ""); err != nil {
		a.note("%s", sentence(err.Error()))
		a.note("Try again in the app, or with pieks card enrol in another terminal.")
	}
}
