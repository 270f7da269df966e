package vpcd

import (
	"io"
	"net"

	"golang.org/x/sys/unix"
)

// prompt reads from a connection whose other end writes a frame in two pieces, as vpcd does: it sends the second once the first is
// acknowledged, which Linux puts off by 40 ms where it expects an answer to carry the acknowledgement. The option does not last, hence
// at each read.
type prompt struct{ *net.TCPConn }

func reader(conn net.Conn) io.Reader {
	if tcp, ok := conn.(*net.TCPConn); ok {
		return prompt{tcp}
	}
	return conn
}

func (p prompt) Read(data []byte) (int, error) {
	n, err := p.TCPConn.Read(data)
	if raw, rawErr := p.SyscallConn(); rawErr == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) }) // only slower without
	}
	return n, err
}
