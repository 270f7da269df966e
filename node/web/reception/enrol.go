package reception

import (
	"cmp"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"pieks/card"
	"pieks/node/control"
	"pieks/node/web"
)

const (
	chosenDraft = "card"
	askedDraft  = "card asked"
)

// enrolling are the pages on which a card in a reader enrols the practice: which card, then what it signs and its PIN.
type enrolling struct{ cards Cards }

// asked is what a person was shown and asked the PIN for. It is good for one PIN: whoever sends the form twice has it tried once.
type asked struct {
	Name      string // of this time of asking; random
	Reader    string
	At        time.Time
	Statement card.Statement
}

type cardPage struct {
	Readers []cardRow
	Usable  int
	Problem string // with all readers
}

// cardRow is a reader as the page shows it.
type cardRow struct {
	Reader, Card, Holder, TelematikID string
	NotAfter                          time.Time
	Problem                           string
	Usable                            bool // the card can sign
	statement                         card.Statement
	tries                             int
}

type signPage struct {
	card.Statement
	Row   cardRow
	Name  string
	Until time.Time
	Tries int
}

func (e enrolling) show(c *web.Call) error { return c.Show("card", e.look(c)) }

// look asks readers and node which cards could sign.
func (e enrolling) look(c *web.Call) cardPage {
	if e.cards == nil {
		return cardPage{Problem: c.Say("rc_en_not_built")}
	}
	if !c.Local() {
		return cardPage{Problem: c.Say("rc_en_not_local")}
	}
	readers, err := e.cards.Readers(c.Context())
	if err != nil {
		return cardPage{Problem: cardSentence(c, err)}
	}
	var p cardPage
	for _, r := range readers {
		row := e.row(c, r)
		if row.Usable {
			p.Usable++
		}
		p.Readers = append(p.Readers, row)
	}
	if len(readers) == 0 {
		p.Problem = c.Say("rc_en_no_reader")
	}
	return p
}

// row says of one reader whether its card would be taken. Whatever will be refused is refused before there is a field for the PIN.
func (e enrolling) row(c *web.Call, r Reader) cardRow {
	row := cardRow{Reader: r.Name}
	if r.Err != nil {
		row.Problem = cardSentence(c, r.Err)
		return row
	}
	if r.Card == nil {
		return row
	}
	kind := cmp.Or(r.Card.CertificateType, r.Card.Kind)
	row.Card, row.Holder, row.TelematikID, row.NotAfter = problem(c, "rc_kind_", string(kind)), r.Card.Holder, r.Card.TelematikID, r.Card.NotAfter
	row.tries = r.Card.PINTries
	if kind == card.EGK { // whoever passes by need not read whose it is
		row.Holder, row.TelematikID = "", ""
	}
	begun, err := web.Ask[control.EnrolmentContent](c, control.MethodEnrolmentBegin, control.EnrolmentBegin{Certificate: r.Card.Certificate})
	if err == nil {
		row.statement, err = card.ParseContent(begun.Content)
	}
	if err == nil && row.tries == 0 {
		err = card.ErrPINBlocked
	}
	if err != nil {
		row.Problem = cardSentence(c, err)
		return row
	}
	row.Usable = true
	return row
}

func (e enrolling) choose(c *web.Call) error {
	c.Draft().Put(chosenDraft, c.Form.Get("reader"))
	return c.Go("/card/sign")
}

func (e enrolling) showSign(c *web.Call) error {
	reader, _ := web.Kept[string](c.Draft(), chosenDraft)
	p := e.look(c)
	i := slices.IndexFunc(p.Readers, func(r cardRow) bool { return r.Reader == reader && r.Usable })
	if i < 0 { // it was pulled meanwhile
		if said := c.Form.Problem("pin"); said != "" {
			c.TellBad(said)
		}
		return c.Go("/card")
	}
	row := p.Readers[i]
	a, ok := web.Kept[asked](c.Draft(), askedDraft)
	if !ok || a.Reader != reader || !alike(a.Statement, row.statement) || c.Now().Sub(a.At) > askAnew {
		a = asked{Name: rand.Text(), Reader: reader, At: c.Now(), Statement: row.statement}
		c.Draft().Put(askedDraft, a)
	}
	if c.Form == nil {
		c.Form = web.NewForm()
	}
	return c.Show("card_sign", signPage{Statement: a.Statement, Row: row, Name: a.Name, Until: time.Unix(int64(a.Statement.NotAfter), 0), Tries: row.tries})
}

// alike says whether two statements say the same, from whenever on.
func alike(a, b card.Statement) bool {
	a.NotBefore, a.NotAfter = b.NotBefore, b.NotAfter
	return a == b
}

// sign has the card sign what was shown, and nothing else.
func (e enrolling) sign(c *web.Call) error {
	pin := card.PIN(c.Secret("pin"))
	if c.Form.Again() || e.cards == nil || !c.Local() {
		return e.showSign(c)
	}
	if pin == "" {
		c.Form.Wrong("pin", c.Say("rc_en_pin_missing"))
		return e.showSign(c)
	}
	a, ok := web.Taken[asked](c.Draft(), askedDraft)
	if !ok || a.Name != c.Form.Get("asked") || c.Now().Sub(a.At) > askedGood {
		c.TellBad(c.Say("rc_en_again"))
		return c.Go("/card/sign")
	}
	before, err := web.Ask[control.Enrolment](c, control.MethodEnrolment, nil)
	if err != nil {
		return err
	}
	cms, err := e.cards.Sign(c.Context(), a.Reader, pin, a.Statement)
	unreset := ""
	if errors.Is(err, ErrUnreset) {
		unreset = " " + c.Say("rc_en_unreset")
	}
	if cms == nil {
		return e.refuse(c, err, unreset)
	}
	done, err := web.Ask[control.Enrolment](c, control.MethodEnrolmentFinish, control.EnrolmentFinish{CMS: cms})
	if refused(err) {
		return e.refuse(c, err, unreset)
	}
	if err != nil {
		return err
	}
	c.Draft().Drop(chosenDraft)
	said := web.Notice{Text: c.Say("rc_en_done", "Date", web.Date(c.Lang, done.NotAfter)) + unreset, Kind: "good"}
	if unreset != "" {
		said.Kind = "bad"
	}
	c.TellNotice(said)
	if before.TelematikID == "" {
		return c.Go("/setup/done")
	}
	return c.Go("/status")
}

// refuse says why nothing was signed: at the PIN when it was that, else where the readers are.
func (e enrolling) refuse(c *web.Call, err error, unreset string) error {
	said := cardSentence(c, err) + unreset
	wrong, isPIN := errors.AsType[*card.PINError](err)
	if errors.Is(err, card.ErrPINShape) || isPIN && wrong.Tries > 0 {
		c.Form.Wrong("pin", said)
		return e.showSign(c)
	}
	c.TellBad(said)
	return c.Go("/card")
}
