package web

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// Listener is an address that can outlive a server. Whoever connects while there is no server is answered by the next one.
type Listener struct {
	*net.TCPListener
	asked string

	mu     sync.Mutex
	paused bool
	late   []net.Conn // accepted since Pause, for the next server
}

// between is a Listener as a server has it that will be followed by another: what the server closes stays open.
type between struct{ *Listener }

// Close ends the server's wait for connections.
func (b between) Close() error { return b.Pause() }

// Accept gives none after Pause. The deadline alone does not see to that: whoever connects before the goroutine that it woke has run is accepted.
func (l *Listener) Accept() (net.Conn, error) {
	if c := l.takeLate(); c != nil {
		return c, nil
	}
	c, err := l.TCPListener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused {
		l.late = append(l.late, c)
		return nil, os.ErrDeadlineExceeded
	}
	return c, nil
}

func (l *Listener) takeLate() net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused || len(l.late) == 0 {
		return nil
	}
	c := l.late[0]
	l.late = l.late[1:]
	return c
}

// Pause keeps who connects from now on waiting for the next server.
func (l *Listener) Pause() error { return l.until(true, time.Unix(1, 0)) }

// Resume begins for the next server.
func (l *Listener) Resume() error { return l.until(false, time.Time{}) }

func (l *Listener) until(paused bool, deadline time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = paused
	return l.SetDeadline(deadline)
}

// Close gives the address up.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.TCPListener.Close()
	for _, c := range l.late {
		err = errors.Join(err, c.Close())
	}
	l.late = nil
	return err
}

// Listen takes the address that is asked for, or for "" the first free port from 7400 on.
func Listen(at string) (*Listener, error) {
	l, err := listen(at)
	if err != nil {
		return nil, err
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(errors.New("listen for the app's pages: not TCP"), l.Close())
	}
	return &Listener{TCPListener: tcp, asked: at}, nil
}

func listen(at string) (net.Listener, error) {
	if at != "" {
		if _, err := strconv.Atoi(at); err == nil {
			at = "127.0.0.1:" + at
		}
		l, err := net.Listen("tcp", at)
		if err != nil {
			return nil, fmt.Errorf("listen for the app's pages: %w", err)
		}
		return l, nil
	}
	var err error
	for port := firstPort; port < firstPort+portsTried; port++ {
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("listen for the app's pages: no port from %d on is free: %w", firstPort, err)
}

// address is how a browser on this machine names the server.
func address(addr net.Addr, asked string) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if name, _, err := net.SplitHostPort(asked); err == nil && name != "" && net.ParseIP(name) == nil {
		host = name
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
