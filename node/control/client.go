package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
)

// Client calls the node of one home.
type Client struct {
	home  string
	place place
	http  http.Client
	test  atomic.Bool
}

// testHeader marks every answer of a node in a test network.
const testHeader = "Pieks-Test"

// Dial finds the node of a home and makes sure that something listens there. When nothing does, the error wraps
// [ErrNoNode] and says what to start.
func Dial(home string) (*Client, error) {
	at, err := readPlace(home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoNodeError{Home: home}
	}
	if err != nil {
		return nil, err
	}
	conn, err := net.DialTimeout("unix", at.Address, dialTimeout)
	if err != nil {
		return nil, unreachable(home, at, err)
	}
	_ = conn.Close()
	c := &Client{home: home, place: at}
	c.http.Transport = &http.Transport{
		DisableKeepAlives: true, // a command asks once; no idle connection is left for anyone to close
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "unix", at.Address)
		},
	}
	return c, nil
}

// unreachable tells a node that is gone from a socket that this user may not open.
func unreachable(home string, at place, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return &NoNodeError{Home: home, Role: at.Role, PID: at.PID}
	}
	return fmt.Errorf("reach the node of %s: %w", home, err)
}

// Role is the role of the node that answers, and PID its process.
func (c *Client) Role() string { return c.place.Role }
func (c *Client) PID() int     { return c.place.PID }

// Test says whether the last answer came from a node in a test network, in which nothing is a real licence.
func (c *Client) Test() bool { return c.test.Load() }

// Call asks for a method. in may be nil, out may be nil when the answer does not matter. A refusal of the node is an
// [Error] with its kind and sentence.
func (c *Client) Call(ctx context.Context, method string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	// The host is a placeholder that HTTP wants; the transport always opens the socket.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node/v1/"+method, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask for %s: %w", method, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.place.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return c.broken(ctx, method, err)
	}
	defer resp.Body.Close()
	c.test.Store(resp.Header.Get(testHeader) == "true")
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		return c.broken(ctx, method, err)
	}
	if resp.StatusCode != http.StatusOK {
		return refusal(resp.StatusCode, data)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("read the answer to %s: %w", method, err)
	}
	return nil
}

// broken explains a call that got no answer: given up by the caller, or the node went away.
func (c *Client) broken(ctx context.Context, method string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if unwrapped := unreachable(c.home, c.place, err); errors.Is(unwrapped, ErrNoNode) {
		return unwrapped
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return Errorf(KindFailed, "The node of %s stopped before it answered; what was asked may or may not have happened. Start it again and look with `pieks status`.", c.home)
	}
	return fmt.Errorf("ask the node for %s: %w", method, err)
}

func refusal(status int, data []byte) error {
	var f failure
	if err := json.Unmarshal(data, &f); err != nil || f.Error == "" {
		return Errorf(KindFailed, "The node answered with status %d and no reason.", status)
	}
	return &Error{Kind: f.Kind, Code: f.Code, Message: f.Error}
}
