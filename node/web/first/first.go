// Package first is the app of a home that knows no network yet: it takes the network file, says whose network that is, and after a yes hands over to
// the app of the node.
package first

import (
	"embed"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"pieks/node/network"
	"pieks/node/web"
)

//go:embed templates text
var files embed.FS

// fileDraft is the network file that was looked at and waits for a yes.
const fileDraft = "network file"

// Home is given a network.
type Home interface {
	// Join takes a network file for good. It is on disk when it returns nil; else nothing was changed.
	Join(file []byte) error
}

// Pages are for the person whose node it will be. joined is called once the home has a network, before the browser is sent on to "/", which the node's
// own app answers: from then on nobody may connect with these pages any more.
func Pages(person web.Person, h Home, joined func()) web.Pages {
	f := &giving{home: h, joined: joined}
	return web.Pages{
		Name: "first", Person: person, Files: files,
		Errors: []web.ErrorText{
			{Is: network.ErrForm, Key: "fi_err_form"},
			{Is: network.ErrVersion, Key: "fi_err_version"},
			{Is: network.ErrSize, Key: "fi_err_size"},
			{Is: network.ErrSignatures, Key: "fi_err_signatures"},
			{Is: network.ErrContent, Key: "fi_err_content"},
			{Is: network.ErrCardKey, Key: "fi_err_card_key"},
			{Is: network.ErrExpired, Key: "fi_err_expired"},
			{Is: network.ErrNotYet, Key: "fi_err_not_yet"},
		},
		Routes: []web.Route{
			{Pattern: "GET /{$}", Page: f.until(show)},
			{Pattern: "POST /{$}", Page: f.until(look)},
			{Pattern: "GET /check", Page: f.until(check)},
			{Pattern: "POST /join", Page: f.until(f.join)},
		},
	}
}

// giving is a home that is being given its network.
type giving struct {
	home   Home
	joined func()
	over   atomic.Bool
}

// until is a page for as long as the home has no network. What a browser still asks after that, by a connection that it has open, is for the node's own
// app: it is sent there, by another connection.
func (f *giving) until(page web.Page) web.Page {
	return func(c *web.Call) error {
		if f.over.Load() {
			return leave(c)
		}
		return page(c)
	}
}

func leave(c *web.Call) error {
	c.W.Header().Set("Connection", "close")
	return c.Go("/")
}

func show(c *web.Call) error {
	c.Form = web.NewForm()
	return c.Show("first", nil)
}

// look checks a file. Nothing is written yet.
func look(c *web.Call) error {
	if c.Form.Again() {
		return c.Show("first", nil)
	}
	data, err := uploaded(c)
	if err == nil && data == nil {
		c.Form.Wrong("file", c.Say("fi_none"))
		return c.Show("first", nil)
	}
	if err == nil {
		_, err = acceptable(data, c.Now())
	}
	if err != nil {
		c.Form.Wrong("file", c.Sentence(err))
		return c.Show("first", nil)
	}
	c.Draft().Put(fileDraft, data)
	return c.Go("/check")
}

// uploaded is the file that was sent, nil for none.
func uploaded(c *web.Call) ([]byte, error) {
	file, err := c.File("file")
	if err != nil || file == nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, network.MaxBytes+1))
	if err = errors.Join(err, file.Close()); err == nil && len(data) > network.MaxBytes {
		err = network.ErrSize
	}
	if data == nil {
		data = []byte{} // an empty file is one
	}
	return data, err
}

// acceptable reads a network file that could be used at a time.
func acceptable(data []byte, now time.Time) (*network.Bundle, error) {
	b, err := network.Verify(data)
	switch {
	case err != nil:
		return nil, err
	case b.ExpiredAt(now):
		return nil, network.ErrExpired
	case b.IssuedAt().After(now.Add(network.MaxSkew)):
		return nil, network.ErrNotYet
	}
	return b, nil
}

// found is what a person is asked about.
type found struct {
	Name, ID  string
	Relays    int
	Operators []string // of the relays, each once
	Until     time.Time
	Test      bool
}

func foundIn(b *network.Bundle) found {
	f := found{Name: b.Name, ID: b.ID(), Relays: len(b.Relays), Until: b.ExpiresAt(), Test: b.IsTest()}
	for _, r := range b.Relays {
		f.Operators = append(f.Operators, r.Operator)
	}
	slices.Sort(f.Operators)
	f.Operators = slices.Compact(f.Operators)
	return f
}

func check(c *web.Call) error {
	data, ok := web.Kept[[]byte](c.Draft(), fileDraft)
	if !ok {
		return c.Go("/")
	}
	b, err := acceptable(data, c.Now())
	if err != nil {
		c.TellBad(c.Sentence(err))
		return c.Go("/")
	}
	return c.Show("check", foundIn(b))
}

// join takes the file that was looked at, once.
func (f *giving) join(c *web.Call) error {
	data, ok := web.Taken[[]byte](c.Draft(), fileDraft)
	if !ok {
		return c.Go("/")
	}
	if err := f.home.Join(data); err != nil {
		c.TellBad(c.Sentence(err))
		return c.Go("/")
	}
	f.over.Store(true)
	f.joined()
	return leave(c)
}
