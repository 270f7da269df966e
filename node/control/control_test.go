package control

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type echo struct {
	Text string `json:"text"`
}

var errShelf = errors.New("the shelf is empty")

func handlers() Handlers {
	return Handlers{
		"echo": Handle(func(_ context.Context, in echo) (echo, error) { return in, nil }),
		"none": HandleNone(func(context.Context) (any, error) { return nil, nil }),
		"conflict": HandleNone(func(context.Context) (any, error) {
			return nil, Errorf(KindConflict, "Someone was faster: %w.", errShelf)
		}),
		"plain":  HandleNone(func(context.Context) (any, error) { return nil, errShelf }),
		"broken": HandleNone(func(context.Context) (any, error) { return func() {}, nil }),
	}
}

func serve(t *testing.T, c Config) *Server {
	t.Helper()
	if c.Home == "" {
		c.Home = t.TempDir()
	}
	if c.Handlers == nil {
		c.Handlers = handlers()
	}
	s, err := Serve(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dial(t *testing.T, home string) *Client {
	t.Helper()
	c, err := Dial(home)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCall(t *testing.T) {
	s := serve(t, Config{Role: "relay"})
	c := dial(t, s.config.Home)
	if c.Role() != "relay" || c.PID() != os.Getpid() {
		t.Errorf("role %q, pid %d", c.Role(), c.PID())
	}
	var out echo
	if err := c.Call(t.Context(), "echo", echo{Text: "Grüße"}, &out); err != nil || out.Text != "Grüße" {
		t.Errorf("got %q, %v", out.Text, err)
	}
	if err := c.Call(t.Context(), "none", nil, nil); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		method string
		in     any
		kind   Kind
		text   string
	}{
		{"conflict", nil, KindConflict, "Someone was faster: the shelf is empty."},
		{"plain", nil, KindFailed, "the shelf is empty"},
		{"broken", nil, KindFailed, "could not be encoded"},
		{"echo", map[string]int{"size": 1}, KindUsage, "unknown field"},
		{"echo", 7, KindUsage, "cannot unmarshal"},
		{"echo", echo{Text: strings.Repeat("x", MaxBodyBytes)}, KindUsage, "longer than"},
		{"slots/add", nil, KindNotFound, "This node is a relay, which does not do slots/add"},
		{"../v1/echo", nil, KindNotFound, ""},
		{"stop", nil, KindNotFound, ""},
	} {
		err := c.Call(t.Context(), test.method, test.in, nil)
		if KindOf(err) != test.kind || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: got %q %v, want %q %q", test.method, KindOf(err), err, test.kind, test.text)
		}
	}
}

func TestTrailingJSONIsRefused(t *testing.T) {
	_, err := handlers()["echo"](t.Context(), json.RawMessage(`{"text":"a"}{"text":"b"}`))
	if KindOf(err) != KindUsage {
		t.Errorf("got %v", err)
	}
}

func TestWrongToken(t *testing.T) {
	called := false
	s := serve(t, Config{Handlers: Handlers{"echo": HandleNone(func(context.Context) (any, error) { called = true; return nil, nil })}})
	c := dial(t, s.config.Home)
	for _, token := range []string{"", "x", s.place.Token[1:], s.place.Token + "x", strings.ToLower(s.place.Token)} {
		c.place.Token = token
		for _, method := range []string{"echo", "unknown"} { // a stranger does not learn the methods either
			if err := c.Call(t.Context(), method, nil, nil); KindOf(err) != KindDenied {
				t.Errorf("token %q, %s: got %v", token, method, err)
			}
		}
	}
	if called {
		t.Error("the handler ran without the token")
	}
}

func TestOnlyPost(t *testing.T) {
	s := serve(t, Config{})
	c := dial(t, s.config.Home)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://evil.example/v1/none", nil)
	req.Header.Set("Authorization", "Bearer "+s.place.Token)
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("GET got %d", resp.StatusCode)
	}
}

func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps others out by access lists, not by mode bits")
	}
	s := serve(t, Config{})
	for _, name := range []string{placeName, socketName} {
		info, err := os.Stat(filepath.Join(s.config.Home, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode().Perm())
		}
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
		if err := os.Chmod(s.place.file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Dial(s.config.Home); KindOf(err) != KindDenied {
			t.Errorf("mode %v: got %v", mode, err)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	// Only root can make a file of another user, and root itself may use it: the rule is tested as that user would see it.
	if err := os.Chmod(s.place.file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(s.config.Home); err != nil {
		t.Error(err)
	}
}

func TestNoNode(t *testing.T) {
	home := t.TempDir()
	_, err := Dial(home)
	if !errors.Is(err, ErrNoNode) || !strings.Contains(err.Error(), "pieks practice|patient|relay --home "+home) {
		t.Errorf("empty home: %v", err)
	}
	if _, err := Dial(filepath.Join(home, "missing")); !errors.Is(err, ErrNoNode) {
		t.Errorf("missing home: %v", err)
	}
	s := serve(t, Config{Home: home, Role: "patient"})
	left, err := os.ReadFile(s.place.file)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, home)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{placeName, socketName} {
		if _, err := os.Stat(filepath.Join(home, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there after Close: %v", name, err)
		}
	}
	if err := c.Call(t.Context(), "none", nil, nil); !errors.Is(err, ErrNoNode) {
		t.Errorf("call after the stop: %v", err)
	}
	// What a killed node leaves: the file, and a socket that nobody listens to.
	if err := os.WriteFile(s.place.file, left, 0o600); err != nil {
		t.Fatal(err)
	}
	leaveSocket(t, s.place.Address)
	_, err = Dial(home)
	if stale, ok := errors.AsType[*NoNodeError](err); !ok || stale.PID != os.Getpid() || !strings.Contains(err.Error(), "`pieks patient --home") {
		t.Errorf("stale file: %v", err)
	}
	serve(t, Config{Home: home}) // a new node clears both
	dial(t, home)
}

func leaveSocket(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSecondNodeIsRefused(t *testing.T) {
	s := serve(t, Config{})
	if _, err := Serve(Config{Home: s.config.Home}); KindOf(err) != KindConflict {
		t.Errorf("got %v", err)
	}
	if err := dial(t, s.config.Home).Call(t.Context(), "none", nil, nil); err != nil {
		t.Errorf("the first node suffered: %v", err)
	}
}

func TestDamagedFile(t *testing.T) {
	for _, content := range []string{"", "{", "{}", `{"address":"/nowhere"}`} {
		home := t.TempDir()
		if err := os.WriteFile(filepath.Join(home, placeName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Dial(home); KindOf(err) != KindFailed || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: %v", content, err)
		}
		serve(t, Config{Home: home})
		dial(t, home)
	}
}

func TestLongHome(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(temp, strings.Repeat("d", 100))) // too long itself: /tmp serves
	home := filepath.Join(temp, strings.Repeat("praxis", 30))
	s := serve(t, Config{Home: home})
	dir := filepath.Dir(s.Address())
	if len(s.Address()) > maxSocketPath || dir == home {
		t.Errorf("the socket is at %s", s.Address())
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s: %v, %v", dir, info, err)
	}
	if err := dial(t, home).Call(t.Context(), "none", nil, nil); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func TestStop(t *testing.T) {
	stop := make(chan struct{})
	s := serve(t, Config{Stop: sync.OnceFunc(func() { close(stop) })})
	if err := dial(t, s.config.Home).Call(t.Context(), MethodStop, nil, nil); err != nil {
		t.Fatal(err)
	}
	<-stop
}

func TestTestNetworkIsMarked(t *testing.T) {
	for _, want := range []bool{true, false} {
		with := handlers()
		with[MethodStatus] = HandleNone(func(context.Context) (Status, error) { return Status{Test: want}, nil })
		c := dial(t, serve(t, Config{Handlers: with}).config.Home)
		for _, method := range []string{"none", "plain", "missing", MethodStatus} { // refusals too
			_ = c.Call(t.Context(), method, nil, nil)
			if c.Test() != want {
				t.Errorf("%s: test is %v", method, c.Test())
			}
		}
	}
}

func TestCloseEndsRunningCalls(t *testing.T) {
	entered := make(chan struct{})
	s := serve(t, Config{Handlers: Handlers{"wait": HandleNone(func(ctx context.Context) (any, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	})}})
	c := dial(t, s.config.Home)
	result := make(chan error, 1)
	go func() { result <- c.Call(t.Context(), "wait", nil, nil) }()
	<-entered
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("Close took %v", took)
	}
	if err := <-result; err == nil {
		t.Error("the call did not fail")
	}
}

func TestCallerGoesAway(t *testing.T) {
	ended := make(chan struct{})
	entered := make(chan struct{})
	s := serve(t, Config{Handlers: Handlers{"wait": HandleNone(func(ctx context.Context) (any, error) {
		close(entered)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	})}})
	c := dial(t, s.config.Home)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	if err := c.Call(ctx, "wait", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-ended
}

func TestKinds(t *testing.T) {
	wrapped := As(KindUnavailable, errors.Join(errShelf))
	if KindOf(wrapped) != KindUnavailable || !errors.Is(wrapped, errShelf) {
		t.Errorf("As lost something: %v", wrapped)
	}
	if again := As(KindFailed, wrapped); KindOf(again) != KindUnavailable {
		t.Errorf("As changed a known kind to %v", KindOf(again))
	}
	if As(KindFailed, nil) != nil || KindOf(nil) != "" {
		t.Error("nil is no error")
	}
	if KindOf(Errorf("nonsense", "x")) != "nonsense" || statuses["nonsense"] != 0 {
		t.Error("an unknown kind travels as failed, and only there")
	}
}

func TestForeignAddressIsNotRemoved(t *testing.T) {
	home := t.TempDir()
	keep := filepath.Join(t.TempDir(), "letter")
	data, _ := json.Marshal(place{Address: keep, Token: "t"})
	for name, content := range map[string][]byte{keep: []byte("Dear"), filepath.Join(home, placeName): data} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, Config{Home: home})
	if _, err := os.Stat(keep); err != nil {
		t.Error(err)
	}
}

// FuzzPlace: whatever stands in control.json, a command gets an error and a node starts.
func FuzzPlace(f *testing.F) {
	f.Add([]byte(`{"address":"/tmp/x","token":"t","pid":1,"role":"relay"}`))
	f.Add([]byte(`{"address":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		home := t.TempDir()
		if err := os.WriteFile(filepath.Join(home, placeName), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if at, err := readPlace(home); err == nil && (at.Address == "" || at.Token == "") {
			t.Errorf("accepted %+v", at)
		}
	})
}
