package patient

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"time"

	"pieks/node/checkin"
	"pieks/node/control"
)

// login is one under way at an insurer's identity provider, by its state.
type login struct {
	id      string // of the check-in
	insurer string
	until   time.Time
}

var (
	errInsurer = errors.New("choose the insurer first")
	errBack    = errors.New("the login has to come back to this computer: an http address of 127.0.0.1 or localhost")
	errLogin   = errors.New("the login was broken off or is too old: begin it again")
)

// beginLogin gives the address for the browser. The identity provider hears no institution: what its token is bound to is a hash (package checkin).
func (c *checkins) beginLogin(ctx context.Context, in control.CheckinLogin) (control.CheckinLoginAt, error) {
	var none control.CheckinLoginAt
	e, err := c.turnOf(ctx, in.ID)
	if err != nil {
		return none, err
	}
	defer e.endTurn()
	if err := c.mayProve(e, control.ProofHealthID); err != nil {
		return none, err
	}
	if !comesBack(in.Back) {
		return none, control.Coded(control.KindUsage, control.CodeBack, "%w", errBack)
	}
	insurer := in.Insurer
	if insurer == "" {
		insurer = c.optionsNow().Insurer
	}
	if insurer == "" {
		return none, control.Coded(control.KindUsage, control.CodeInsurer, "%w", errInsurer)
	}
	c.endReading(e)
	at, state, err := c.loginAt(ctx, e, insurer, in.Back)
	if err != nil {
		return none, err
	}
	c.noteLogin(state, login{e.id, insurer, c.node.home.Now().Add(loginWithin)})
	return control.CheckinLoginAt{URL: at}, nil
}

// loginAt begins the login at the identity provider, or at the PoPP service, which has its own.
func (c *checkins) loginAt(ctx context.Context, e *checkinEntry, insurer, back string) (at, state string, err error) {
	if e.look().Via == viaService {
		return c.loginAtService(ctx, e, insurer, back)
	}
	if err := c.node.home.Network.Usable(); err != nil {
		return "", "", refused(err)
	}
	attempt, err := c.ready(ctx, e)
	if err != nil {
		return "", "", err
	}
	at, state, err = c.healthID.Begin(ctx, insurer, back, attempt.LoginNonce())
	if err != nil {
		return "", "", control.Coded(control.KindUnavailable, control.CodeLogin, "%w", err)
	}
	return at, state, nil
}

// comesBack says whether an address leads to this computer.
func comesBack(back string) bool {
	u, err := url.Parse(back)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" || len(back) > maxBack {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}

// noteLogin remembers one; the oldest makes room.
func (c *checkins) noteLogin(state string, l login) {
	now := c.node.home.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.logins) >= maxLogins {
		oldest := ""
		for other, known := range c.logins {
			if oldest == "" || known.until.Before(c.logins[oldest].until) {
				oldest = other
			}
		}
		delete(c.logins, oldest)
	}
	for other, known := range c.logins {
		if !now.Before(known.until) {
			delete(c.logins, other)
		}
	}
	c.logins[state] = l
}

// takeLogin finds one by its state, which is good once.
func (c *checkins) takeLogin(state string) (login, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.logins[state]
	delete(c.logins, state)
	if !ok || !c.node.home.Now().Before(l.until) {
		return login{}, errLogin
	}
	return l, nil
}

// loggedIn takes what the browser came back with, and hands the proof over.
func (c *checkins) loggedIn(ctx context.Context, in control.CheckinLoggedIn) (control.Checkin, error) {
	var none control.Checkin
	l, err := c.takeLogin(in.State)
	if err != nil {
		return none, control.Coded(control.KindConflict, control.CodeLogin, "%w", err)
	}
	e, err := c.turnOf(ctx, l.id)
	if err != nil {
		return none, err
	}
	defer e.endTurn()
	if err := c.mayProve(e, control.ProofHealthID); err != nil {
		return none, err
	}
	v, err := c.finishLogin(ctx, e, in)
	if err != nil {
		c.failReading(ctx, e, err)
		return none, err
	}
	if err := c.settle(ctx, e, control.ProofHealthID, v); err != nil {
		return none, err
	}
	err = c.changeOptions(ctx, func(o *checkinOptions) { o.Insurer = l.insurer })
	return c.shown(e), err
}

// finishLogin redeems the code and hands the ID token over; it is left for a practice that is away.
func (c *checkins) finishLogin(ctx context.Context, e *checkinEntry, in control.CheckinLoggedIn) (verdict, error) {
	if in.Error != "" || in.Code == "" {
		if c.service != nil {
			c.service.Forget(in.State)
		}
		return verdict{}, control.Coded(control.KindConflict, control.CodeLogin, "%w", errLogin)
	}
	if e.look().Via == viaService {
		return c.finishLoginAtService(ctx, in)
	}
	token, _, err := c.healthID.Finish(ctx, in.State, in.Code)
	if err != nil {
		return verdict{}, control.Coded(control.KindConflict, control.CodeLogin, "%w", err)
	}
	var o checkin.Outcome
	leave, err := c.reach(ctx, e, func(ctx context.Context) (err error) {
		o, err = e.attempt.Login(ctx, c.node.host, token)
		return err
	})
	switch {
	case err == nil:
		leave()
		return verdictOf(o), nil
	case !errors.Is(err, errAway):
		c.spend(e, err)
		return verdict{}, deskRefusal(err)
	case !c.canMail(ctx, e):
		return verdict{}, control.Coded(control.KindUnavailable, control.WhyUnreached, "%w", errNoWay)
	}
	msg, err := e.attempt.MailLogin(token)
	if err != nil {
		return verdict{}, err
	}
	r := e.look()
	envelope, err := sealFor(&r, msg)
	return verdict{State: control.CheckinStatePending, envelope: envelope}, err
}
