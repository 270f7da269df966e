package service_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"

	"pieks/card/egk"
)

func hashOf(raw []byte) egk.Hash { return sha256.Sum256(raw) }

// readAll reads a body and puts it back.
func readAll(r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return string(body), err
}

const request = "HealthcareService?organization.active=true&organization.identifier=" + string(practiceID)

// directoryOf answers everything with a bundle.
func directoryOf(answer string) func(context.Context, string) ([]byte, error) {
	return func(_ context.Context, got string) ([]byte, error) {
		if got != request {
			return nil, errRequest
		}
		return []byte(answer), nil
	}
}

var errRequest = errors.New("another request than the client's")
