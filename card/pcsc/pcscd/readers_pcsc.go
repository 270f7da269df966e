//go:build pcsc

package pcscd

func noReaders() string { return "" }
