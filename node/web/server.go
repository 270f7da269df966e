package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"pieks/node/control"
	"pieks/node/home"
)

// Config is what a server shows and where.
type Config struct {
	Home     *home.Home
	Handlers control.Handlers
	Changes  *control.Changes
	Pages    Pages
	Listen   string // 127.0.0.1:7400; "" is the first free port from 7400 on
	// At is an address that is listened at already, in place of Listen. It goes on after Close.
	At  *Listener
	Log *slog.Logger
}

// Server serves a node's app until Close.
type Server struct {
	cfg      Config
	log      *slog.Logger
	http     http.Server
	hosts    []string // that Host may say
	url      string
	cookie   string
	sessions *sessions
	drafts   drafts
	text     lazy[*Text]
	views    lazy[*views]
	live     live
	ctx      context.Context // ends with the server
	cancel   context.CancelFunc
	served   chan struct{}
	later    sync.WaitGroup // methods that are still asked, see AskLater

	statusMu sync.Mutex
	statusAt time.Time
	statusOf control.Status
}

// Serve listens and returns. The node's status says from then on where its app is, and its method open makes links to it.
func Serve(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	at := cfg.At
	if at == nil {
		var err error
		if at, err = Listen(cfg.Listen); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{cfg: cfg, log: cfg.Log, hosts: hostsOf(at.Addr(), at.asked), ctx: ctx, cancel: cancel, served: make(chan struct{}),
		sessions: openSessions(cfg.Home.Store, cfg.Home.Now), drafts: drafts{now: cfg.Home.Now}}
	s.url = "http://" + address(at.Addr(), at.asked)
	var err error
	if s.cookie, err = cookieName(ctx, cfg.Home); err == nil && cfg.At != nil {
		err = at.Resume()
	}
	if err != nil {
		cancel()
		if cfg.At == nil {
			err = errors.Join(err, at.Close())
		}
		return nil, err
	}
	var listener net.Listener = at
	if cfg.At != nil {
		listener = between{at}
	}
	s.text.load = func() (*Text, error) { return LoadText(cfg.Pages.Files) }
	s.views.load = func() (*views, error) { return loadViews(s) }
	s.http = http.Server{
		Handler: s.handler(), ReadHeaderTimeout: readHeader, IdleTimeout: idle,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the app's server ended", "err", err)
		}
	}()
	cfg.Home.SetApp(home.App{URL: s.url, Link: s.Link})
	return s, nil
}

// Close ends the server and waits for the pages that are being made.
func (s *Server) Close() error {
	s.cfg.Home.SetApp(home.App{})
	s.cancel() // those who wait for changes go first
	ctx, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	<-s.served
	s.later.Wait()
	return err
}

// URL is where the app is, without a link's secret.
func (s *Server) URL() string { return s.url }

// Link makes a link that lets a person in, once. The name "" is the person that the app is for.
func (s *Server) Link(name string) (control.Opened, error) {
	person := s.cfg.Pages.Person
	switch {
	case name == "" || name == person.String():
	case person == Doctor && name == Assistant.String():
		person = Assistant
	default:
		return control.Opened{}, control.Errorf(control.KindUsage, "%w", ErrPerson)
	}
	secret, until := s.sessions.link(person)
	return control.Opened{URL: s.url + "/welcome?k=" + secret, Until: until}, nil
}

// cookieName differs between nodes, since browsers share the cookies of all ports of a host.
func cookieName(ctx context.Context, h *home.Home) (string, error) {
	key, err := h.SigningKey(ctx, "web name")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("pieks-%x", key[32:36]), nil
}

func (s *Server) say(l Lang, key string, args ...any) string {
	t, err := s.text.get()
	if err != nil {
		s.log.Error("texts", "err", err)
		return "[" + key + "]"
	}
	return t.Say(l, key, args...)
}

// status asks the node, at most twice a second.
func (s *Server) status(ctx context.Context) control.Status {
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	now := time.Now()
	if s.statusAt.IsZero() || now.Sub(s.statusAt) > statusKept {
		if got, err := ask[control.Status](ctx, s.cfg.Handlers, control.MethodStatus, nil); err == nil {
			s.statusOf, s.statusAt = got, now
		}
	}
	return s.statusOf
}

func (s *Server) forgetStatus() {
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	s.statusAt = time.Time{}
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/", serveStatic)
	mux.HandleFunc("GET /welcome", s.welcome)
	for prefix, h := range s.cfg.Pages.Public {
		mux.Handle(prefix, h)
	}
	for from, to := range s.cfg.Pages.Landings {
		mux.HandleFunc("GET "+from, s.landing(to))
	}
	mux.Handle("GET /live", s.page(Route{Page: s.serveLive}))
	mux.Handle("POST /logout", s.page(Route{Page: s.logout}))
	mux.Handle("/", s.page(Route{Page: func(*Call) error { return ErrNotFound }}))
	for _, r := range s.cfg.Pages.Routes {
		mux.Handle(r.Pattern, s.page(r))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header())
		if !s.meant(r) {
			http.Error(w, "This server answers only to its own name.", http.StatusForbidden)
			return
		}
		if chosen, ok := parseLang(r.URL.Query().Get("lang")); ok && r.Method == http.MethodGet {
			setLang(w, chosen)
			q := r.URL.Query()
			q.Del("lang")
			http.Redirect(w, r, (&url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/"), RawQuery: q.Encode()}).String(), http.StatusSeeOther)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// welcome lets a browser in that has a link. One that is in already only goes on, and has used the link up as well: it stays in the history.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request) {
	if _, in := s.sessions.of(r, s.cookie); !in {
		made, ok, err := s.sessions.follow(r.Context(), r.URL.Query().Get("k"))
		if err != nil || !ok {
			if err != nil {
				s.log.Error("session not written", "err", err)
			}
			s.closed(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: s.cookie, Value: made.cookie, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
			HttpOnly: true, SameSite: http.SameSiteStrictMode})
	} else {
		s.sessions.spend(r.URL.Query().Get("k"))
	}
	// Not a redirect: it would count as coming from where the link was, and a strict cookie would stay behind.
	s.show(&Call{W: w, R: r, Lang: langOf(r), server: s}, http.StatusOK, "welcome", nil)
}

// closed is what somebody sees who was not let in.
func (s *Server) closed(w http.ResponseWriter, r *http.Request) {
	s.show(&Call{W: w, R: r, Lang: langOf(r), server: s}, http.StatusForbidden, "closed", nil)
}

// page makes a handler of a route: session, language, form, token.
func (s *Server) page(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one, ok := s.sessions.of(r, s.cookie)
		if !ok {
			s.closed(w, r)
			return
		}
		c := &Call{W: w, R: r, Lang: langOf(r), server: s, session: one}
		if len(route.Only) > 0 && !slices.Contains(route.Only, one.person) {
			s.fail(c, ErrForbidden)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			form, err := readForm(w, r)
			if err != nil || !s.own(r) || !tokenOK(one, form) {
				s.fail(c, errToken)
				return
			}
			c.Form = form
			if chosen, ok := parseLang(form.Get("lang")); ok {
				setLang(w, chosen)
				c.Lang, form.again = chosen, true
			}
		}
		err := route.Page(c)
		if c.Form != nil {
			s.forgetStatus() // what was posted may have changed it, and the next page says so
		}
		if err != nil {
			s.fail(c, err)
		}
	})
}

var errToken = errors.New("web: the form does not carry the token of its session")

// fail shows an error as a page.
func (s *Server) fail(c *Call, err error) {
	switch {
	case errors.Is(err, context.Canceled):
		return // nobody is there to read it
	case errors.Is(err, ErrNotFound):
		s.show(c, http.StatusNotFound, "missing", nil)
	case errors.Is(err, ErrForbidden):
		s.show(c, http.StatusForbidden, "forbidden", nil)
	case errors.Is(err, errToken):
		s.show(c, http.StatusForbidden, "expired", nil)
	default:
		status := http.StatusInternalServerError
		switch control.KindOf(err) {
		case control.KindUsage:
			status = http.StatusUnprocessableEntity
		case control.KindNotFound:
			status = http.StatusNotFound
		case control.KindConflict:
			status = http.StatusConflict
		case control.KindUnavailable:
			status = http.StatusServiceUnavailable
		default:
			s.log.Error("page", "path", c.R.Pattern, "err", err)
		}
		s.show(c, status, "failed", c.Sentence(err))
	}
}

// logout ends this browser's session, or with everybody=1 all others.
func (s *Server) logout(c *Call) error {
	if c.Form.Get("everybody") != "" {
		n, err := s.sessions.endOthers(c.Context(), c.session)
		if err != nil {
			return err
		}
		c.Tell("logout_others", "N", n)
		return c.Go("/")
	}
	s.drafts.forget(c.session)
	if err := s.sessions.end(c.Context(), c.session); err != nil {
		return err
	}
	http.SetCookie(c.W, &http.Cookie{Name: s.cookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	c.session = session{}
	s.show(c, http.StatusOK, "bye", nil)
	return nil
}
