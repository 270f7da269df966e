// Package pcsc talks to the card readers of this computer through PC/SC: pcscd and libpcsclite on Linux. A Conn is a card.Channel.
//
//	Readers         what is plugged in, and what is in it
//	WaitForCard     until somebody inserts a card, also into a reader that is plugged in meanwhile
//	Open            takes one card for itself, until Close
//	Conn.Transmit   one command, one answer; bytes as they are, short and extended
//	Conn.Close      resets the card: no PIN stays verified
//
// The binding needs cgo and libpcsclite, so it stands behind the build tag pcsc, which the Makefile sets where the library is
// found. Without it everything here answers ErrNotBuilt.
//
// # One card for one user
//
// A card has one security state: once its PIN is verified it signs for whoever sends the next command. So Open begins a PC/SC
// transaction and Close ends it with a reset of the card. Other programs wait meanwhile. When the process dies instead, pcscd
// resets the card as it drops the transaction. A Conn that has given an error is over: its card may have been another since.
//
// # Calls that hang
//
// PC/SC calls block in C, some without an end: while another program holds the card, while a card does not answer, while pcscd
// does not. Each runs in a goroutine that the caller leaves when its context ends or after ten seconds (ErrHung, or ErrInUse if
// another program was in the way and no call of ours still hangs). What becomes of the call left behind:
//
//	waiting for a card or reader     cancelled with SCardCancel, ends at once
//	waiting for the transaction      its handle is disconnected, ends within 0.1 s
//	connecting to a card that is     no way to end it: pcscd itself waits until the other program is done, or has died
//	  held by another transaction
//	a command to a card that hangs   no way to end it: libpcsclite holds the context's lock until the reader gives up, the card is
//	                                 pulled, or pcscd ends. Releasing the context meanwhile would wait with a lock of the whole process
//
// Whenever it ends, the goroutine resets the card and releases what it held. There are at most maxCalls of them, the next one waits
// and then gets ErrHung: a pcscd that never answers costs so many threads and no more.
//
// Nothing here logs or keeps a command, or repeats one that a card may have seen: VERIFY carries the PIN.
package pcsc
