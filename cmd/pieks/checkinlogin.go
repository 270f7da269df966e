package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"pieks/node/control"
)

// loginWithin is how long somebody may take at their insurer's page, as the node has it.
const loginWithin = 10 * time.Minute

// logIn has the browser log in with the GesundheitsID and waits on a loopback address until it comes back.
func (c *CheckinProof) logIn(ctx context.Context, a *app, s control.Checkin) (control.Checkin, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return s, fmt.Errorf("wait for the browser: %w", err)
	}
	back := make(chan control.CheckinLoggedIn, 1)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10, Handler: comesBack(back)}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	defer func() { _ = server.Close(); <-served }()

	var at control.CheckinLoginAt
	in := control.CheckinLogin{ID: s.ID, Insurer: c.Insurer, Back: "http://" + listener.Addr().String() + "/checkin/login/back"}
	if err := a.ask(ctx, "Asking the insurer", control.MethodCheckinLogin, in, &at, patientRole); err != nil {
		return s, err
	}
	a.note("Log in at your insurer: %s", at.URL)
	if a.hasDesktop() {
		a.openBrowser(at.URL)
	}
	ctx, cancel := context.WithTimeout(ctx, loginWithin)
	defer cancel()
	select {
	case <-ctx.Done():
		return s, control.Coded(control.KindConflict, control.CodeLogin, "The browser did not come back from the login.")
	case got := <-back:
		var done control.Checkin
		err := a.ask(ctx, "Checking in", control.MethodCheckinLoggedIn, got, &done, patientRole)
		return orCheckin(done, s), err
	}
}

// comesBack takes what the browser brings, once.
func comesBack(back chan<- control.CheckinLoggedIn) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkin/login/back", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		select {
		case back <- control.CheckinLoggedIn{State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error")}:
		default:
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer")
		_, _ = fmt.Fprintln(w, "Sie können dieses Fenster schließen. You can close this window.")
	})
	return mux
}
