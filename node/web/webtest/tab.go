package webtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Look is how somebody looks at the app.
type Look struct {
	Width int    // CSS pixels: 390 is a telephone, 1280 a desktop
	Dark  bool   // prefers-color-scheme
	NoJS  bool   // JavaScript is off
	Lang  string // Accept-Language: "de" or "en"
}

// Phone and Desktop are the two sizes that every page is looked at in.
var (
	Phone   = Look{Width: 390, Lang: "de"}
	Desktop = Look{Width: 1280, Lang: "de"}
)

// Tab is one tab of a browser of its own: nothing is shared with other tabs but the program.
type Tab struct {
	t    testing.TB
	ctx  context.Context
	look Look

	mu     sync.Mutex
	hosts  map[string]bool
	errors []string
}

// Tab opens a tab as somebody with cookies of their own.
func (b *Browser) Tab(look Look) *Tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	return b.set(&Tab{t: b.t, ctx: ctx, look: look, hosts: map[string]bool{}})
}

// Another opens a second tab with the same cookies.
func (t *Tab) Another(look Look) *Tab {
	t.t.Helper()
	ctx, cancel := chromedp.NewContext(t.ctx)
	t.t.Cleanup(cancel)
	return (&Browser{t: t.t}).set(&Tab{t: t.t, ctx: ctx, look: look, hosts: map[string]bool{}})
}

func (b *Browser) set(t *Tab) *Tab {
	b.t.Helper()
	if t.look.Lang == "" {
		t.look.Lang = "de"
	}
	phone := t.look.Width < 600
	height := int64(900)
	if phone {
		height = 844
	}
	// The first call makes the tab, which lives as long as its context.
	if err := chromedp.Do(t.ctx); err != nil {
		b.t.Fatalf("open a tab: %v", err)
	}
	if err := chromedp.Listen(t.ctx, t.heard); err != nil {
		b.t.Fatalf("listen to a tab: %v", err)
	}
	t.run("open a tab",
		call(network.Enable, network.EnableParams{}), call(runtime.Enable, cdp.Empty{}),
		call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": t.look.Lang}}),
		call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(t.look.Width), Height: height, DeviceScaleFactor: 1, Mobile: phone}),
		// Each tab is the window that its person looks at and types into, whatever other tabs there are.
		call(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: t.look.NoJS}))
	t.SetDark(t.look.Dark)
	return t
}

// call is a command of the protocol whose answer does not matter.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, command, params)
		return chromedp.Void{}, err
	}
}

// SetDark changes the colour scheme that the person prefers.
func (t *Tab) SetDark(dark bool) {
	t.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	t.run("choose a colour scheme", call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}))
}

func (t *Tab) heard(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" {
			t.hosts[u.Hostname()] = true
		}
	case *runtime.EventExceptionThrown:
		t.errors = append(t.errors, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" {
			for _, a := range e.Args {
				t.errors = append(t.errors, string(a.Value))
			}
		}
	}
}

// Hosts are those that the tab asked anything of.
func (t *Tab) Hosts() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var hosts []string
	for h := range t.hosts {
		hosts = append(hosts, h)
	}
	return hosts
}

// Errors are what the page's scripts complained of.
func (t *Tab) Errors() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string{}, t.errors...)
}

func (t *Tab) run(what string, actions ...chromedp.Action[chromedp.Void]) {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.t.Fatalf("%s: %v\n%s", what, err, t.see())
	}
}

// see is what the tab shows, for the message of a failed test.
func (t *Tab) see() string {
	ctx, cancel := context.WithTimeout(t.ctx, Patience/10)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + "\n" + document.body.innerText`))
	if err != nil {
		return "the tab cannot be read: " + err.Error()
	}
	return text
}

// Go opens an address.
func (t *Tab) Go(address string) {
	t.t.Helper()
	t.run("go to "+path(address), chromedp.Navigate(address))
}

// path is an address without the secret of a link.
func path(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}

// Click clicks on the first element of a CSS selector, as soon as it is there.
func (t *Tab) Click(selector string) {
	t.t.Helper()
	t.run("click "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// ClickText clicks on the button or link that says a text.
func (t *Tab) ClickText(text string) {
	t.t.Helper()
	quoted := fmt.Sprintf(`//*[self::a or self::button or self::summary or self::label][contains(normalize-space(.), %s)]`, xpath(text))
	t.run("click "+text, chromedp.WaitVisible(chromedp.Search(quoted)), chromedp.Click(chromedp.Search(quoted)))
}

func xpath(text string) string {
	if !strings.Contains(text, `"`) {
		return `"` + text + `"`
	}
	return `'` + text + `'`
}

// Type puts a text into a field in place of what it holds, key by key.
func (t *Tab) Type(selector, text string) {
	t.t.Helper()
	t.Set(selector, "")
	t.run("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Set sets the value of a field that is not typed into: a date, a select.
func (t *Tab) Set(selector, value string) {
	t.t.Helper()
	t.run("find "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	field, err := json.Marshal([]string{selector, value})
	if err != nil {
		t.t.Fatal(err)
	}
	if now := Eval[string](t, `(([selector, value]) => { const field = document.querySelector(selector); field.value = value;
  field.dispatchEvent(new Event("input", {bubbles: true})); field.dispatchEvent(new Event("change", {bubbles: true})); return field.value })(`+string(field)+`)`); now != value {
		t.t.Fatalf("%s does not take %q", selector, value)
	}
}

// Upload puts a file into a file field.
func (t *Tab) Upload(selector, file string) {
	t.t.Helper()
	t.run("upload to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{file}))
}

// Keys presses keys where the focus is: see package chromedp/kb.
func (t *Tab) Keys(keys string) { t.t.Helper(); t.run("press keys", chromedp.KeyEvent(keys)) }

// Until waits until a JavaScript expression is true, also across pages. Scripts of the page need not run for that.
func (t *Tab) Until(what, expression string) {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		done, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(`+expression+`)`))
		if err == nil && done { // an error is a page that is just being left
			return
		}
		select {
		case <-ctx.Done():
			t.t.Fatalf("wait for %s: %v\n%s", what, err, t.see())
		case <-again.C:
		}
	}
}

// Says waits until the page shows a text.
func (t *Tab) Says(text string) {
	t.t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.t.Fatal(err)
	}
	t.Until(text, `document.body && document.body.innerText.includes(`+string(quoted)+`)`)
}

// get is the value of an action.
func get[T any](t *Tab, what string, action chromedp.Action[T]) T {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.t.Fatalf("%s: %v\n%s", what, err, t.see())
	}
	return value
}

// Eval is the value of a JavaScript expression, or of the promise that it gives.
func Eval[T any](t *Tab, expression string) T {
	t.t.Helper()
	return get(t, "evaluate", chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Text is what an element says.
func (t *Tab) Text(selector string) string {
	t.t.Helper()
	t.run("find "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	return strings.TrimSpace(get(t, "read "+selector, chromedp.Text(chromedp.CSS(selector))))
}

// Title is the page's title: what a browser's history shows.
func (t *Tab) Title() string { t.t.Helper(); return get(t, "read the title", chromedp.Title()) }

// Address is where the tab is.
func (t *Tab) Address() string { t.t.Helper(); return get(t, "read the address", chromedp.Location()) }

// Picture writes the whole page to a PNG file.
func (t *Tab) Picture(file string) {
	t.t.Helper()
	t.write(file, get(t, "take a picture", chromedp.FullScreenshot(100)))
}

// Print writes the page to a PDF file, as the printer would have it.
func (t *Tab) Print(file string) {
	t.t.Helper()
	t.write(file, get(t, "print", chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize())))
}

func (t *Tab) write(file string, data []byte) {
	t.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.t.Fatal(err)
	}
}
