package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
)

// Handler answers one method. The context ends when the caller goes away or the node stops; a handler returns soon after.
type Handler func(ctx context.Context, in json.RawMessage) (any, error)

// Handlers are the methods that a node answers, by name.
type Handlers map[string]Handler

// Handle makes a Handler of a typed function. A body that is not exactly one In, unknown fields included, is KindUsage.
func Handle[In, Out any](fn func(context.Context, In) (Out, error)) Handler {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var in In
		if err := decode(raw, &in); err != nil {
			return nil, Errorf(KindUsage, "The request is not what this method takes: %w", err)
		}
		return fn(ctx, in)
	}
}

// HandleNone makes a Handler of a function that takes nothing; what the caller sends is ignored.
func HandleNone[Out any](fn func(context.Context) (Out, error)) Handler {
	return func(ctx context.Context, _ json.RawMessage) (any, error) { return fn(ctx) }
}

func decode(raw json.RawMessage, in any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}
