package control

import (
	"errors"
	"fmt"
	"net/http"
)

// Kind says what sort of failure an error is, so that a caller can decide without reading the sentence.
type Kind string

const (
	KindUsage       Kind = "usage"
	KindDenied      Kind = "denied"
	KindNotFound    Kind = "not_found"
	KindConflict    Kind = "conflict"
	KindUnavailable Kind = "unavailable"
	KindFailed      Kind = "failed"
)

var statuses = map[Kind]int{
	KindUsage:       http.StatusBadRequest,
	KindDenied:      http.StatusUnauthorized,
	KindNotFound:    http.StatusNotFound,
	KindConflict:    http.StatusConflict,
	KindUnavailable: http.StatusServiceUnavailable,
	KindFailed:      http.StatusInternalServerError,
}

// Error is a failure with its kind and a sentence for people that says what to do next. It is what handlers return and
// what [Client.Call] gives back; any other error of a handler travels as KindFailed with its text.
type Error struct {
	Kind    Kind
	Code    string // what exactly, as one word that a program can translate; "" where Kind says it all
	Message string
	Err     error // what it wraps on the node's side; does not travel
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error. A %w in the format is kept for errors.Is on the node's side.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
}

// Coded is Errorf with a code.
func Coded(kind Kind, code, format string, args ...any) *Error {
	err := Errorf(kind, format, args...)
	err.Code = code
	return err
}

// CodeOf is the code of err, "" when it has none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// As gives err a kind and keeps its text. Nil stays nil, and an Error keeps the kind it has.
func As(kind Kind, err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*Error](err); ok {
		return &Error{Kind: known.Kind, Code: known.Code, Message: err.Error(), Err: err}
	}
	return &Error{Kind: kind, Message: err.Error(), Err: err}
}

// KindOf is the kind of err: KindFailed for what is no Error, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindFailed
}

// ErrNoNode means that no node answers for a home. The error that wraps it is a [NoNodeError].
var ErrNoNode = errors.New("no node is running")

// NoNodeError names the home and, where it is known, the role that ran there.
type NoNodeError struct {
	Home string
	Role string // "" when no trace of a node is left
	PID  int    // the process that left control.json behind; 0 when there is no such file
}

func (e *NoNodeError) Unwrap() error { return ErrNoNode }

func (e *NoNodeError) Error() string {
	role := e.Role
	if role == "" {
		role = "practice|patient|relay"
	}
	next := fmt.Sprintf("Start one in another terminal with `pieks %s --home %s` and try again.", role, e.Home)
	if e.PID != 0 {
		return fmt.Sprintf("The node of %s (process %d) is no longer running. %s", e.Home, e.PID, next)
	}
	return fmt.Sprintf("No node is running for %s. %s", e.Home, next)
}
