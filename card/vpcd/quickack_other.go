//go:build !linux

package vpcd

import (
	"io"
	"net"
)

func reader(conn net.Conn) io.Reader { return conn }
