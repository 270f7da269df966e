package control

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// Config is what a server needs. Home and Handlers are required.
type Config struct {
	Home     string
	Role     string // practice, patient or relay; named where a command needs another role
	Handlers Handlers
	Stop     func()       // begins the node's stop and returns at once; called after MethodStop was answered
	Log      *slog.Logger // nil discards
}

// Server answers the commands of this user until Close.
type Server struct {
	config Config
	place  place
	token  [sha256.Size]byte // hash of the token, so that the comparison sees one length
	http   http.Server
	cancel context.CancelFunc
	served chan struct{}
	once   sync.Once
	err    error

	mu    sync.Mutex // calls may not grow once Close waits for it
	ended bool
	calls sync.WaitGroup

	learnt atomic.Bool // test is known
	test   atomic.Bool
}

// Serve listens at the home's socket and writes control.json. It fails with KindConflict when another node answers there.
func Serve(config Config) (*Server, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	at, listener, err := listen(config.Home, config.Role)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{config: config, place: at, token: sha256.Sum256([]byte(at.Token)), cancel: cancel, served: make(chan struct{})}
	s.http = http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadTimeout:       readTimeout,
		ReadHeaderTimeout: readTimeout,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelWarn),
	}
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			config.Log.Error("the control socket ended", "error", err)
		}
	}()
	return s, nil
}

// Address is the path of the socket.
func (s *Server) Address() string { return s.place.Address }

// Close stops listening, gives running calls a moment, cancels them, waits for them and removes control.json.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.err = s.place.remove()
		grace, done := context.WithTimeout(context.Background(), stopGrace)
		defer done()
		if err := s.http.Shutdown(grace); err != nil {
			s.cancel()
			s.err = errors.Join(s.err, s.http.Close())
		}
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		s.calls.Wait()
		s.cancel()
		<-s.served
	})
	return s.err
}

// begin counts a call, unless the server has ended.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.calls.Add(1)
	return true
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		return
	}
	defer s.calls.Done()
	if s.isTest(r.Context()) {
		w.Header().Set(testHeader, "true")
	}
	method, known := strings.CutPrefix(r.URL.Path, "/v1/")
	handler, ok := s.config.Handlers[method]
	stops := method == MethodStop && s.config.Stop != nil && !ok
	switch {
	case !s.authorised(r):
		s.fail(w, Errorf(KindDenied, "The token is not this node's. Try again: the node may have been restarted just now."))
		return
	case r.Method != http.MethodPost || !known:
		s.fail(w, Errorf(KindNotFound, "Methods are called with POST /v1/METHOD."))
		return
	case stops:
		handler = HandleNone(func(context.Context) (any, error) { return nil, nil })
	case !ok:
		s.fail(w, Errorf(KindNotFound, "This node is a %s, which does not do %s. Name the home of the right node with --home.", s.role(), method))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBodyBytes))
	if err != nil {
		s.fail(w, Errorf(KindUsage, "The request could not be read, or is longer than %d bytes.", MaxBodyBytes))
		return
	}
	out, err := handler(r.Context(), body)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.answer(w, http.StatusOK, out)
	if stops {
		_ = http.NewResponseController(w).Flush()
		s.config.Stop()
	}
}

func (s *Server) role() string {
	if s.config.Role == "" {
		return "node of another role"
	}
	return s.config.Role
}

func (s *Server) authorised(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	got := sha256.Sum256([]byte(token))
	return ok && subtle.ConstantTimeCompare(got[:], s.token[:]) == 1
}

// isTest asks the node's own status, so that no role can forget to mark a test network. A home belongs to one network for
// good, so it is asked once.
func (s *Server) isTest(ctx context.Context) bool {
	status, ok := s.config.Handlers[MethodStatus]
	if ok && !s.learnt.Load() {
		if answer, err := status(ctx, nil); err == nil {
			of, is := answer.(Status)
			s.test.Store(is && of.Test)
			s.learnt.Store(true)
		}
	}
	return s.test.Load()
}

// failure is how an error travels.
type failure struct {
	Error string `json:"error"`
	Kind  Kind   `json:"kind"`
	Code  string `json:"code,omitempty"`
}

func (s *Server) fail(w http.ResponseWriter, err error) {
	kind := KindOf(err)
	status, ok := statuses[kind]
	if !ok {
		kind, status = KindFailed, http.StatusInternalServerError
	}
	s.answer(w, status, failure{Error: err.Error(), Kind: kind, Code: CodeOf(err)})
}

func (s *Server) answer(w http.ResponseWriter, status int, out any) {
	data, err := json.Marshal(out)
	if err != nil {
		s.config.Log.Error("an answer could not be encoded", "error", err)
		status, data = http.StatusInternalServerError, []byte(`{"error":"The answer could not be encoded.","kind":"failed"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // a caller that went away is not the node's problem
}
