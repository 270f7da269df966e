package webtest

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// For is the same browser for a part of its test, which ends its tabs.
func (b *Browser) For(t testing.TB) *Browser { return &Browser{t: t, ctx: b.ctx} }

// Visited is a page in a tab's history: what stays behind on a shared computer.
type Visited struct{ Address, Title string }

// History are the pages that the tab was at and goes back to, oldest first. A page that another took the place of is not among them.
func (t *Tab) History() []Visited {
	t.t.Helper()
	found := get(t, "read the history", ask(page.GetNavigationHistory))
	var all []Visited
	for _, e := range found.Entries {
		all = append(all, Visited{e.URL, e.Title})
	}
	return all
}

// Refused are the addresses of the frames in the page that could not be shown.
func (t *Tab) Refused() []string {
	t.t.Helper()
	var refused []string
	for _, f := range get(t, "read the frames", ask(page.GetFrameTree)).FrameTree.ChildFrames {
		if f.Frame.UnreachableURL != "" {
			refused = append(refused, f.Frame.UnreachableURL)
		}
	}
	return refused
}

// ask is a command of the protocol that takes nothing and whose answer matters.
func ask[R any](command cdp.Command[cdp.Empty, R]) chromedp.Action[R] {
	return func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, cdp.Empty{})
	}
}
