//go:build !pcsc

package pcscd

import "pieks/card/pcsc"

func noReaders() string { return "no card readers to test with: " + pcsc.ErrNotBuilt.Error() }
