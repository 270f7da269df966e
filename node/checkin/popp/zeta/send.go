package zeta

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// send makes one exchange. The answer is bounded, and its address is in no error: a query may hold what logs should not.
func (g *Guard) send(r *http.Request, most int64) (Response, error) {
	answer, err := g.http.Do(r)
	if err != nil {
		return Response{}, fmt.Errorf("reach the PoPP service: %w", withoutAddress(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 && answer.StatusCode < 400 {
		return Response{Status: answer.StatusCode, Header: answer.Header}, nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err != nil {
		return Response{}, fmt.Errorf("read the PoPP service's answer: %w", withoutAddress(err))
	}
	if int64(len(body)) > most {
		return Response{}, ErrTooLong
	}
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// withoutAddress takes the address out of an error of net/http.
func withoutAddress(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
