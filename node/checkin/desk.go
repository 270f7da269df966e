package checkin

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/healthid"
	"pieks/node/checkin/popp"
)

// DeskConfig is what a desk needs. The functions are called for each check-in.
type DeskConfig struct {
	Device   ed25519.PrivateKey        // D
	Licence  func() *card.Licence      // of the practice card that holds now; nil: no check-ins are taken
	Trust    func() (egk.Trust, error) // what cards are verified by; its Pairs are the list's own
	Login    LoginCheck                // nil: no GesundheitsID
	Arrivals *Arrivals                 //
	Now      func() time.Time          // nil = time.Now
	Log      *slog.Logger              // nil = discard
	// LimitLocal counts loopback and private addresses as subnets like any other.
	LimitLocal bool
}

// LoginCheck verifies an ID token that has to carry a nonce and was good at a time. ErrBusy says that it cannot be checked now.
type LoginCheck func(ctx context.Context, idToken, nonce string, at time.Time) (*healthid.Person, error)

// Desk takes check-ins at a practice. All methods are safe for use by several goroutines.
type Desk struct {
	cfg   DeskConfig
	spent spent
	open  atomic.Int32 // dialogues under way
}

// NewDesk checks the configuration.
func NewDesk(cfg DeskConfig) (*Desk, error) {
	if len(cfg.Device) != ed25519.PrivateKeySize || cfg.Licence == nil || cfg.Trust == nil || cfg.Arrivals == nil {
		return nil, errors.New("a desk takes check-ins with its key, its practice card, what it trusts and its list of arrivals")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{cfg: cfg}, nil
}

func (d *Desk) device() [32]byte { return [32]byte(d.cfg.Device.Public().(ed25519.PublicKey)) }

// admit says whether a statement may be proved here now. outcome is what was told before, if it was.
func (d *Desk) admit(s *signedStatement, now time.Time) (l *card.Licence, outcome []byte, r Reason) {
	outcome, err := d.cfg.Arrivals.recorded(s)
	switch {
	case errors.Is(err, ErrReplay):
		return nil, nil, reasonReplay
	case err != nil:
		d.cfg.Log.Warn("arrivals could not be read", "err", err)
		return nil, nil, reasonBusy
	case outcome != nil:
		return nil, outcome, reasonNone
	}
	if l = d.cfg.Licence(); l == nil {
		return nil, nil, reasonClosed
	}
	return l, nil, admissible(&s.Statement, l, now)
}

// admissible is the rule for a statement that was not seen before.
func admissible(s *Statement, l *card.Licence, now time.Time) Reason {
	switch at, until := time.Unix(int64(s.Time), 0), time.Unix(int64(s.Until), 0); {
	case s.Device != l.Statement.Device || s.TelematikID != l.TelematikID:
		return reasonElsewhere
	case s.Workplace != "" && !isWorkplace(s.Workplace):
		return reasonMalformed
	case at.After(now.Add(maxSkew)):
		return reasonClock
	case now.After(until):
		return reasonGiveUp
	}
	return reasonNone
}

func isWorkplace(s string) bool {
	_, err := popp.ParseWorkplaceID(s)
	return err == nil
}

// settle writes down what was proved and gives the outcome to tell.
func (d *Desk) settle(ctx context.Context, l *card.Licence, s *signedStatement, p *proved) ([]byte, Reason) {
	n, err := d.record(l, s, p, d.cfg.Now())
	if err != nil {
		d.cfg.Log.Warn("a presence token was not signed", "err", err)
		return nil, reasonBusy
	}
	outcome, err := d.cfg.Arrivals.take(ctx, n)
	switch {
	case errors.Is(err, ErrReplay):
		return nil, reasonReplay
	case errors.Is(err, ErrPair):
		return nil, reasonPair
	case errors.Is(err, ErrLimit):
		return nil, reasonLimit
	case err != nil:
		d.cfg.Log.Warn("an arrival could not be written down", "err", err)
		return nil, reasonBusy
	}
	return outcome, reasonNone
}

// prove verifies a proof that came in one piece, on a stream or by mail.
func (d *Desk) prove(ctx context.Context, p *proof, s *signedStatement) (outcome []byte, r Reason) {
	now := d.cfg.Now()
	l, outcome, r := d.admit(s, now)
	if outcome != nil || r != reasonNone {
		return outcome, r
	}
	var found *proved
	if p.Answers != nil {
		found, r = d.verifyCard(*p.Answers, s.nonce(), popp.ChallengeStatement, claimed(s, now))
	} else {
		found, r = d.verifyLogin(ctx, p.IDToken, s, claimed(s, now))
	}
	if r != reasonNone {
		return nil, r
	}
	return d.settle(ctx, l, s, found)
}

// cancel tells the end of a check-in, signed.
func (d *Desk) cancel(s *Statement, r Reason) []byte {
	msg, err := signOutcome(d.cfg.Device, outcome{ID: s.ID, Key: s.Key, State: stateCanceled, Reason: r, Time: uint64(d.cfg.Now().Unix())})
	if err != nil {
		d.cfg.Log.Warn("an outcome was not signed", "err", err)
		return refuse(reasonBusy)
	}
	return msg
}

// ends says that a reason is final for its check-in: it is told as an outcome, which the patient can show.
func (r Reason) ends() bool {
	switch r {
	case reasonReplay, reasonGiveUp, reasonUnproven, reasonExpired, reasonBlocked, reasonPair, reasonLogin:
		return true
	}
	return false
}

// reply is what a reason says on a stream.
func (d *Desk) reply(s *Statement, r Reason) []byte {
	if r.ends() {
		return d.cancel(s, r)
	}
	return refuse(r)
}

// status answers a question.
func (d *Desk) status(m message) []byte {
	q, err := readQuestion(m)
	if err != nil {
		return refuse(reasonOfForm(err))
	}
	if q.Device != d.device() {
		return refuse(reasonElsewhere)
	}
	told, err := d.cfg.Arrivals.outcomeFor(q.ID, q.Key)
	if err != nil {
		d.cfg.Log.Warn("arrivals could not be read", "err", err)
		return refuse(reasonBusy)
	}
	if told != nil {
		return told
	}
	told, err = signOutcome(d.cfg.Device, outcome{ID: q.ID, Key: q.Key, State: stateUnknown, Time: uint64(d.cfg.Now().Unix()), Nonce: q.Nonce[:]})
	if err != nil {
		return refuse(reasonBusy)
	}
	return told
}

// reasonOfForm is why a message could not be read.
func reasonOfForm(err error) Reason {
	switch {
	case errors.Is(err, ErrVersion):
		return reasonVersion
	case errors.Is(err, ErrNotSigned):
		return reasonSignature
	}
	return reasonMalformed
}
