package web

import (
	"net"
	"testing"
)

// TestPause: who connects once Pause has returned is not accepted before Resume, and nobody is lost in between.
func TestPause(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	late := 0
	for range 2000 {
		early := make(chan net.Conn, 1)
		go func() {
			c, _ := l.Accept()
			early <- c
		}()
		if err := l.Pause(); err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if got := <-early; got != nil {
			t.Fatal("accepted after Pause")
		}
		late += len(l.late)
		if err := l.Resume(); err != nil {
			t.Fatal(err)
		}
		got, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got.RemoteAddr().String() != c.LocalAddr().String() {
			t.Fatal("somebody else was accepted")
		}
		_, _ = got.Close(), c.Close()
	}
	t.Logf("%d of 2000 were accepted late and kept", late)
}
