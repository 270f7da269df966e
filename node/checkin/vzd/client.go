package vzd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// searchPath is where patients' programs search (popp.md 6).
const searchPath = "fdv/search/"

// Client asks a directory. It sends what Prepare lets pass, and nothing of whoever asks.
type Client struct {
	Base string // https address of the directory, with or without fdv/search/
	// Token is called for each search and gives the access token; nil, or an empty token: none is sent.
	Token     func(context.Context) (string, error)
	Transport http.RoundTripper // nil = http.DefaultTransport
}

// Search asks the directory at base, which wants no access token.
func Search(ctx context.Context, base, request string) (Result, error) {
	return Client{Base: base}.Search(ctx, request)
}

// Search sends a search request and reads the result. It follows no redirect: another server would learn who is looked for. The request is in the
// address, as FHIR has it, and in no error.
func (c Client) Search(ctx context.Context, request string) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	req, err := c.request(ctx, request)
	if err != nil {
		return Result{}, err
	}
	asking := http.Client{Transport: c.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := asking.Do(req)
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", ErrUnavailable, bare(err))
	}
	defer resp.Body.Close()
	if err := checkResponse(resp); err != nil {
		return Result{}, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBundle+1))
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", ErrUnavailable, bare(err))
	}
	return ReadResult(body)
}

func (c Client) request(ctx context.Context, request string) (*http.Request, error) {
	prepared, err := Prepare(request)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(c.Base)
	if err != nil || base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" || base.Opaque != "" {
		return nil, ErrBase
	}
	at := strings.TrimSuffix(strings.TrimSuffix(base.String(), "/"), "/"+strings.TrimSuffix(searchPath, "/"))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/"+searchPath+prepared, nil)
	if err != nil {
		return nil, ErrBase
	}
	req.Header.Set("Accept", "application/fhir+json")
	req.Header.Set("User-Agent", "pieks/1")
	if c.Token == nil {
		return req, nil
	}
	token, err := c.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAccess, err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}

func checkResponse(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrAccess
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity:
		return ErrRefused
	default:
		return fmt.Errorf("%w: status %d", ErrUnavailable, resp.StatusCode)
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "application/fhir+json" && kind != "application/json" {
		return fmt.Errorf("%w: not FHIR in JSON", ErrBundle)
	}
	if resp.ContentLength > maxBundle {
		return ErrTooLarge
	}
	return nil
}

// bare is an error without the address, which says who was looked for.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
