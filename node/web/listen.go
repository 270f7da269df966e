package web

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Listener is an address that can outlive a server. Whoever connects while there is no server is answered by the next one.
type Listener struct {
	*net.TCPListener
	asked string
}

// paused is a Listener as a server has it that will be followed by another: what the server closes stays open.
type paused struct{ *Listener }

// Close ends the server's wait for connections.
func (p paused) Close() error { return p.Pause() }

// Pause keeps who connects from now on waiting for the next server.
func (l *Listener) Pause() error { return l.SetDeadline(time.Unix(1, 0)) }

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
	return &Listener{tcp, at}, nil
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
