package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Fetcher gets things from services.
type Fetcher struct {
	client *http.Client
	now    func() time.Time
}

// NewFetcher takes the caller's client, with its transport and its deadline, or nil: one with the system's roots. No redirect is followed by either.
func NewFetcher(client *http.Client, now func() time.Time) *Fetcher {
	own := http.Client{Timeout: requestTimeout}
	if client != nil {
		own = *client
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	own.Jar = nil // nothing ties two requests together
	if now == nil {
		now = time.Now
	}
	return &Fetcher{&own, now}
}

// Get gets at most so many bytes.
func (f *Fetcher) Get(ctx context.Context, address, accept string, most int) ([]byte, error) {
	request, err := newRequest(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	status, body, err := f.do(request, most)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusNotFound:
		return nil, fmt.Errorf("%w: %w", ErrAnswer, ErrNotFound)
	case status != http.StatusOK:
		return nil, fmt.Errorf("%w (HTTP status %d)", ErrAnswer, status)
	}
	return body, nil
}

// PostForm posts a form and gives status and body, whatever they say.
func (f *Fetcher) PostForm(ctx context.Context, address string, form url.Values, most int) (status int, body []byte, err error) {
	request, err := newRequest(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	return f.do(request, most)
}

func newRequest(ctx context.Context, method, address string, body io.Reader) (*http.Request, error) {
	if _, err := CheckAddress(address); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	request.Header.Set("User-Agent", "Pieks") // no version: nothing is to be told apart by it
	return request, nil
}

func (f *Fetcher) do(request *http.Request, most int) (int, []byte, error) {
	response, err := f.client.Do(request)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) { // without the address, which may have a query
			err = at.Err
		}
		return 0, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		return 0, nil, ErrRedirect
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(most)+1))
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if len(body) > most {
		return 0, nil, ErrTooLarge
	}
	return response.StatusCode, body, nil
}
