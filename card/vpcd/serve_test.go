package vpcd

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what must come, however slow the machine is.
const patience = 20 * time.Second

// echo answers a command with itself and 9000; 00FF fails, 00EE waits until the card is pulled.
type echo struct {
	resets atomic.Int32
	pulled chan error
}

var atr = []byte{0x3b, 0x80, 0x80, 0x01, 0x01}

func (e *echo) ATR() []byte { return atr }
func (e *echo) Reset()      { e.resets.Add(1) }
func (e *echo) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	switch {
	case bytes.Equal(command, []byte{0, 0xff}):
		return nil, errors.New("broken")
	case bytes.Equal(command, []byte{0, 0xee}):
		e.pulled <- nil
		<-ctx.Done()
		e.pulled <- ctx.Err()
		return nil, ctx.Err()
	}
	return append(bytes.Clone(command), 0x90, 0x00), nil
}

// slot is the reader's end.
type slot struct {
	t        *testing.T
	listener net.Listener
}

func newSlot(t *testing.T) *slot {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return &slot{t: t, listener: listener}
}

// accept waits for a card.
func (s *slot) accept() net.Conn {
	s.t.Helper()
	if err := s.listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	conn, err := s.listener.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	return conn
}

func (s *slot) ask(conn net.Conn, frame, want []byte) {
	s.t.Helper()
	if err := writeFrame(conn, frame); err != nil {
		s.t.Fatal(err)
	}
	if got, err := readFrame(conn); err != nil || !bytes.Equal(got, want) {
		s.t.Fatalf("%x is answered with %x %v, want %x", frame, got, err, want)
	}
}

// serve inserts c, and pull pulls it.
func serve(t *testing.T, addr string, c Card) (pull func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, addr, c) }()
	return func() {
		t.Helper()
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("a pulled card: %v", err)
			}
		case <-time.After(patience):
			t.Error("the card stays")
		}
	}
}

func TestServe(t *testing.T) {
	s, c := newSlot(t), &echo{}
	pull := serve(t, s.listener.Addr().String(), c)
	conn := s.accept()
	s.ask(conn, []byte{controlATR}, atr)
	before := c.resets.Load()
	for _, control := range []byte{controlOff, controlOn, controlReset} {
		if err := writeFrame(conn, []byte{control}); err != nil {
			t.Fatal(err)
		}
	}
	s.ask(conn, []byte{0, 0xa4, 4, 0x0c}, []byte{0, 0xa4, 4, 0x0c, 0x90, 0x00})
	if n := c.resets.Load() - before; n != 3 {
		t.Errorf("%d resets of 3", n)
	}
	long := bytes.Repeat([]byte{7}, maxFrame-2)
	s.ask(conn, long, append(bytes.Clone(long), 0x90, 0x00))
	pull()
	if _, err := readFrame(conn); err == nil {
		t.Error("a pulled card speaks")
	}
	if n := c.resets.Load() - before; n != 4 {
		t.Error("a pulled card has power")
	}
}

// TestServeAgain: whatever ends a connection, the card is inserted anew.
func TestServeAgain(t *testing.T) {
	for name, end := range map[string]func(conn net.Conn) error{
		"closed":          func(conn net.Conn) error { return conn.Close() },
		"empty frame":     func(conn net.Conn) error { _, err := conn.Write([]byte{0, 0}); return err },
		"unknown control": func(conn net.Conn) error { return writeFrame(conn, []byte{3}) },
		"card fails":      func(conn net.Conn) error { return writeFrame(conn, []byte{0, 0xff}) },
		"answer too long": func(conn net.Conn) error { return writeFrame(conn, make([]byte, maxFrame)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSlot(t)
			defer serve(t, s.listener.Addr().String(), &echo{})()
			conn := s.accept()
			s.ask(conn, []byte{controlATR}, atr)
			if err := end(conn); err != nil {
				t.Fatal(err)
			}
			if _, err := readFrame(conn); err == nil {
				t.Error("the connection goes on")
			}
			s.ask(s.accept(), []byte{controlATR}, atr)
		})
	}
}

// TestReaderGoneWhileCardWorks: the card's context ends with its reader's connection, not only when it is pulled.
func TestReaderGoneWhileCardWorks(t *testing.T) {
	s, c := newSlot(t), &echo{pulled: make(chan error, 1)}
	defer serve(t, s.listener.Addr().String(), c)()
	conn := s.accept()
	if err := writeFrame(conn, []byte{0, 0xee}); err != nil {
		t.Fatal(err)
	}
	<-c.pulled // it is at work
	conn.Close()
	select {
	case err := <-c.pulled:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the card works on")
	}
	s.ask(s.accept(), []byte{controlATR}, atr)
}

// TestReaderComesLater: nothing listens at first.
func TestReaderComesLater(t *testing.T) {
	s := newSlot(t)
	addr := s.listener.Addr().String()
	s.listener.Close()
	defer serve(t, addr, &echo{})()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s.listener = listener
	s.ask(s.accept(), []byte{controlATR}, atr)
}

// TestNotWithItself dials ports from which Linux takes outgoing ones too, where nothing listens: some day it gets its own.
func TestNotWithItself(t *testing.T) {
	itself := 0
	for range 4 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := listener.Addr().(*net.TCPAddr)
		listener.Close()
		// Dialled from its own port, which is what comes of it by chance otherwise.
		from := net.Dialer{LocalAddr: addr}
		conn, err := dial(t.Context(), from, addr.String())
		if conn != nil {
			conn.Close()
			t.Fatalf("connected with itself: %v", conn.LocalAddr())
		}
		if errors.Is(err, errSelf) {
			itself++
		}
	}
	if itself == 0 {
		t.Error("no connection with itself came about: nothing was tried")
	}
}

func TestRefused(t *testing.T) {
	for _, addr := range []string{"", "localhost", "127.0.0.1"} {
		if err := Serve(t.Context(), addr, &echo{}); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v", addr, err)
		}
	}
	for _, size := range []int{0, 34} {
		if err := Serve(t.Context(), "127.0.0.1:1", withATR{atr: make([]byte, size)}); !errors.Is(err, ErrATR) {
			t.Errorf("an ATR of %d bytes: %v", size, err)
		}
	}
}

type withATR struct {
	*echo
	atr []byte
}

func (w withATR) ATR() []byte { return w.atr }
