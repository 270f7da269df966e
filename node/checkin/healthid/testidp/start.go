package testidp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Running is a provider on a port of this computer.
type Running struct {
	*IDP
	server *http.Server
	done   chan struct{}
}

// Start listens on a free port of the loopback interface. c.Issuer is filled.
func Start(c Config) (*Running, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a test identity provider: %w", err)
	}
	c.Issuer = "http://" + listener.Addr().String()
	idp, err := New(c)
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	r := &Running{idp, &http.Server{Handler: idp, ReadHeaderTimeout: 10 * time.Second}, make(chan struct{})}
	go func() {
		defer close(r.done)
		_ = r.server.Serve(listener) // until Close
	}()
	return r, nil
}

// List is the address of its federation list.
func (r *Running) List() string { return r.Issuer + "/federation/list" }

// Close ends it and waits for that.
func (r *Running) Close() {
	_ = r.server.Close()
	<-r.done
}

// Decline in place of a person: Click presses the other button.
const Decline = -1

// Click does what a person does at the address that healthid.Client.Begin gave: opens the page and presses a button, the n-th person's or Decline. It
// gives where the browser is sent to, with state and code, or error.
func Click(ctx context.Context, address string, n int) (*url.URL, error) {
	client := &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	opened, err := send(ctx, client, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if opened.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("open the login page: HTTP status %d", opened.StatusCode)
	}
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	form := url.Values{"request_uri": {at.Query().Get("request_uri")}, "insured": {strconv.Itoa(n)}}
	if n == Decline {
		form = url.Values{"request_uri": form["request_uri"], "decline": {"1"}}
	}
	pressed, err := send(ctx, client, http.MethodPost, at.Scheme+"://"+at.Host+at.Path, form)
	if err != nil {
		return nil, err
	}
	if pressed.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("press a button of the login page: HTTP status %d", pressed.StatusCode)
	}
	return pressed.Location()
}

func send(ctx context.Context, client *http.Client, method, address string, form url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	return response, errors.Join(response.Body.Close())
}
