//go:build pcsc

package pcsc

// Built says whether this program can use card readers.
const Built = true
