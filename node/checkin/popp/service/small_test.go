package service_test

import (
	"bytes"
	"crypto/sha256"
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
