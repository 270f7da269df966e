//go:build unix

package control

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// private says whether a file was written by this user (or we are root, who may act for anyone) and is closed to others.
func private(info fs.FileInfo) error {
	if info.Mode().Perm()&0o077 != 0 {
		return errors.New("other users may read or change it")
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if me := os.Geteuid(); ok && me != 0 && int(stat.Uid) != me {
		return errors.New("it belongs to another user")
	}
	return nil
}
