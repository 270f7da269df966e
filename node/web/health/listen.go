package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// ErrAddress says that a text is no address to listen on.
var ErrAddress = errors.New("give an address and a port to listen on, such as 127.0.0.1:9464, or only the port")

// Address reads where to listen: HOST:PORT, or a port alone, which is on loopback. Local says whether only this machine can ask there.
// A host is an IP address or localhost: what a name stands for can change.
func Address(text string) (addr string, local bool, err error) {
	host, port := "127.0.0.1", strings.TrimPrefix(text, ":")
	if strings.Contains(port, ":") {
		if host, port, err = net.SplitHostPort(text); err != nil {
			return "", false, ErrAddress
		}
		if host == "localhost" {
			host = "127.0.0.1"
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "", false, ErrAddress
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "", false, ErrAddress
	}
	return net.JoinHostPort(host, port), ip.IsLoopback(), nil
}

// Server serves the three paths, and nothing else, on an address of its own, for servers that have no app.
type Server struct {
	http   http.Server
	addr   string
	served chan struct{}
}

// Listen serves a Handler at an address as Address gives it, until Close.
func Listen(addr string, handler http.Handler, log *slog.Logger) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for health checks: %w", err)
	}
	s := &Server{addr: listener.Addr().String(), served: make(chan struct{})}
	s.http = http.Server{
		Handler: handler, ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("health checks are no longer served", "err", err)
		}
	}()
	return s, nil
}

// Addr is where it listens, with its port.
func (s *Server) Addr() string { return s.addr }

// Close ends it and waits; a request under way is cut.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.served
	return err
}
