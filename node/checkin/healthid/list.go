package healthid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/jose"
	"pieks/node/control"
)

// TypeList is the typ of a federation's list.
const TypeList = "idp-list+jwt"

// list are the insurers to choose from: those of a federation's list, and those that were named.
type list struct {
	address string
	named   []control.Insurer
	fetcher *federation.Fetcher
	now     func() time.Time

	mu      sync.Mutex
	listed  []control.Insurer
	at, end time.Time // fetched, and how long it may be used
	tried   time.Time
	failed  error
}

// all gives them by name. The named ones are there without the list, too.
func (l *list) all(ctx context.Context) ([]control.Insurer, error) {
	listed, err := l.current(ctx)
	if err != nil && len(l.named) == 0 {
		return nil, err
	}
	all := slices.Clone(l.named)
	for _, one := range listed {
		if !slices.ContainsFunc(all, func(i control.Insurer) bool { return i.ID == one.ID }) {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b control.Insurer) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return all, nil
}

// has says whether an issuer is among them.
func (l *list) has(ctx context.Context, issuer string) error {
	same := func(i control.Insurer) bool { return i.ID == issuer }
	if slices.ContainsFunc(l.named, same) {
		return nil
	}
	listed, err := l.current(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(listed, same) {
		return ErrInsurer
	}
	return nil
}

// current is the federation's list, fetched again after an hour. One that was fetched goes on until its end if no newer one is to be had.
func (l *list) current(ctx context.Context) ([]control.Insurer, error) {
	if l.address == "" {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !now.Before(l.end) {
		l.listed = nil
	}
	if l.listed != nil && now.Sub(l.at) < refreshAfter {
		return l.listed, nil
	}
	if l.listed == nil && l.failed == nil || now.Sub(l.tried) >= retryAfter {
		listed, end, err := l.fetch(ctx)
		if ctx.Err() == nil { // a caller who left says nothing about the list
			l.tried, l.failed = now, err
		}
		if err == nil {
			l.listed, l.at, l.end = listed, now, end
		} else if l.listed == nil {
			return nil, err
		}
	}
	if l.listed == nil {
		return nil, l.failed
	}
	return l.listed, nil
}

func (l *list) fetch(ctx context.Context) ([]control.Insurer, time.Time, error) {
	body, err := l.fetcher.Get(ctx, l.address, "application/jwt, application/json;q=0.5", maxList)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrList, away(err))
	}
	text := strings.TrimSpace(string(body))
	var o jose.Object
	if strings.HasPrefix(text, "{") {
		o, err = jose.ParseObject([]byte(text)) // TLS alone says whose it is
	} else {
		o, err = l.signed(ctx, text)
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrList, away(err))
	}
	end := l.now().Add(plainLife)
	if _, ok := o["exp"]; ok {
		exp, err := o.Integer("exp")
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("%w: %w", ErrList, err)
		}
		if said := time.Unix(exp, 0); said.Before(end) {
			end = said
		}
		if !l.now().Before(end) {
			return nil, time.Time{}, fmt.Errorf("%w: %w", ErrList, federation.ErrExpired)
		}
	}
	listed, err := parseList(o)
	return listed, end, err
}

// signed checks a list against the entity statement of its iss, which has to be on the host that the list is on.
func (l *list) signed(ctx context.Context, text string) (jose.Object, error) {
	m, err := jose.Parse(text, maxList)
	if err != nil {
		return nil, err
	}
	if m.Type != TypeList {
		return nil, federation.ErrType
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return nil, err
	}
	master, err := o.Text("iss")
	if err != nil {
		return nil, err
	}
	if err := federation.SameHost(l.address, master); err != nil {
		return nil, err
	}
	statement, err := l.fetcher.Statement(ctx, master)
	if err != nil {
		return nil, err
	}
	key, ok := statement.Keys.Key(m.KeyID)
	if !ok {
		return nil, federation.ErrKey
	}
	return o, m.Verify(key)
}

// parseList reads idp_entity. An entry that is none for insured persons, or is not written right, is passed over: it is one insurer's trouble.
func parseList(o jose.Object) ([]control.Insurer, error) {
	var entries []json.RawMessage
	if raw := o["idp_entity"]; len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &entries) != nil || len(entries) > maxInsurers {
		return nil, fmt.Errorf("%w: idp_entity is missing or too long", ErrList)
	}
	listed := []control.Insurer{}
	for _, entry := range entries {
		one, err := insurerOf(entry)
		if err != nil || slices.ContainsFunc(listed, func(i control.Insurer) bool { return i.ID == one.ID }) {
			continue
		}
		listed = append(listed, one)
	}
	return listed, nil
}

var errNotInsured = errors.New("not for insured persons")

func insurerOf(entry []byte) (one control.Insurer, err error) {
	o, err := jose.ParseObject(entry)
	if err != nil {
		return one, err
	}
	if one.ID, err = o.Text("iss"); err != nil {
		return one, err
	}
	if one.Name, err = o.Text("organization_name"); err != nil {
		return one, err
	}
	// IP are insured persons, HCI institutions (gemSpec_IDP_Sek).
	if users, err := o.Texts("user_type_supported"); err == nil && !slices.Contains(users, "IP") {
		return one, errNotInsured
	}
	return one, checkInsurer(one)
}

func checkInsurer(i control.Insurer) error {
	if _, err := federation.CheckIssuer(i.ID); err != nil {
		return err
	}
	hidden := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
	if i.Name == "" || len(i.Name) > maxName || !utf8.ValidString(i.Name) || strings.ContainsFunc(i.Name, hidden) {
		return fmt.Errorf("%w: an insurer has no name that can be shown", ErrList)
	}
	return nil
}
