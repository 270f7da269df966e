package pcsc

import "errors"

// What can be in the way, and what to do about it.
var (
	ErrNotBuilt = errors.New("this program was built without card readers: install libpcsclite-dev and build again with make")

	ErrNoService    = errors.New("the service for card readers is not running: install pcscd and start it (systemctl start pcscd)")
	ErrAccess       = errors.New("this user may not use card readers: log in at this computer itself, or ask its administrator for access to pcscd")
	ErrNoReader     = errors.New("no card reader found: plug one in")
	ErrNoSuchReader = errors.New("no card reader of this number or name")
	ErrAmbiguous    = errors.New("more than one card reader has this in its name: say which by its number")
	ErrSeveralCards = errors.New("more than one card reader has a card: say which with --reader")
	ErrUnplugged    = errors.New("the card reader was unplugged: plug it in and retry")

	ErrNoCard   = errors.New("no card in the reader: insert one")
	ErrMute     = errors.New("the card does not answer: is it upside down? Take it out, wipe its contacts, insert it again and retry")
	ErrProtocol = errors.New("this card and this reader do not understand each other: insert the practice's card, or use another reader")
	ErrRemoved  = errors.New("the card was pulled: insert it again and retry")
	ErrReset    = errors.New("another program has reset the card: close that program and retry")
	ErrInUse    = errors.New("another program is using the card: close it and retry")

	ErrHung    = errors.New("card or reader did not answer in time: take the card out, insert it again and retry; if that does not help, plug the reader in again")
	ErrLost    = errors.New("the connection to the card was lost: retry")
	ErrCommand = errors.New("a card command has 4 to 65,544 bytes")
	ErrClosed  = errors.New("the connection to the card is closed: open it again")
	ErrFailed  = errors.New("the service for card readers reports an error: take the card out, plug the reader in again and retry")
)
