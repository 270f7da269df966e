package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"pieks/node/control"
)

// Call is one request of somebody who was let in.
type Call struct {
	W    http.ResponseWriter
	R    *http.Request
	Lang Lang
	// Form is what was posted; nil on a GET.
	Form    *Form
	server  *Server
	session session
}

// Context ends when the browser goes away or the node stops.
func (c *Call) Context() context.Context { return c.R.Context() }

// Person is who asks.
func (c *Call) Person() Person { return c.session.person }

// Local says whether the browser runs on this computer. What it sends from another one passes a network, unencrypted.
func (c *Call) Local() bool {
	from, err := netip.ParseAddrPort(c.R.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback()
}

// Draft is what this browser has begun and not sent.
func (c *Call) Draft() *Draft { return c.server.drafts.of(c.session) }

// Now is the node's time, in Berlin.
func (c *Call) Now() time.Time { return c.server.cfg.Home.Now().In(Berlin) }

// Say is a message in the language of the page: see [Text.Say].
func (c *Call) Say(key string, args ...any) string { return c.server.say(c.Lang, key, args...) }

// Ask calls a method of the node.
func Ask[Out any](c *Call, method string, in any) (Out, error) {
	return ask[Out](c.Context(), c.server.cfg.Handlers, method, in)
}

// Do calls a method of the node whose answer does not matter.
func (c *Call) Do(method string, in any) error {
	_, err := Ask[any](c, method, in)
	return err
}

func ask[Out any](ctx context.Context, handlers control.Handlers, method string, in any) (out Out, err error) {
	handler, ok := handlers[method]
	if !ok {
		return out, control.Errorf(control.KindNotFound, "This node does not do %s.", method)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("encode the request: %w", err)
	}
	answer, err := handler(ctx, body)
	if err != nil || answer == nil {
		return out, err
	}
	if typed, ok := answer.(Out); ok {
		return typed, nil
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(data, &out)
}

// Status is what the node says of itself, at most half a second old.
func (c *Call) Status() control.Status { return c.server.status(c.Context()) }

// Go sends the browser to another page, by GET. notices are said there, once: a message key, with arguments.
func (c *Call) Go(path string) error {
	http.Redirect(c.W, c.R, path, http.StatusSeeOther)
	return nil
}

// Notice is said on the next page that is shown.
type Notice struct {
	Text string
	Kind string // "good", "bad" or "" for neither
	// Undo is the id of a change that can be taken back, and Until until when; "" for none.
	Undo  string
	Until time.Time
}

const noticeDraft = "notice"

// Tell says something good on the next page.
func (c *Call) Tell(key string, args ...any) {
	c.TellNotice(Notice{Text: c.Say(key, args...), Kind: "good"})
}

// TellBad says on the next page what did not work.
func (c *Call) TellBad(text string) { c.TellNotice(Notice{Text: text, Kind: "bad"}) }

// TellNotice says something on the next page.
func (c *Call) TellNotice(n Notice) { c.Draft().Put(noticeDraft, n) }

// ErrNotFound is the error of a page or a thing that there is none of.
var ErrNotFound = errors.New("web: not found")

// ErrForbidden is the error of a page that is not for this person.
var ErrForbidden = errors.New("web: not for this person")

// Sentence is an error in the language of the page. What the node refuses it says in English; the role's pages translate the codes and
// errors that a person can meet in the course of a day ([Pages.Codes], [Pages.Errors]).
func (c *Call) Sentence(err error) string {
	if key, ok := c.server.cfg.Pages.Codes[control.CodeOf(err)]; ok {
		return c.Say(key)
	}
	for _, e := range c.server.cfg.Pages.Errors {
		if errors.Is(err, e.Is) {
			return c.Say(e.Key)
		}
	}
	text := strings.TrimSpace(err.Error())
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	switch control.KindOf(err) {
	case control.KindUsage, control.KindConflict, control.KindNotFound, control.KindUnavailable:
		if c.Lang == English {
			return text
		}
		return c.Say("error_said", "Text", text)
	}
	return c.Say("error_failed")
}
