// Package vpcd puts a card of this process into a virtual reader of pcscd, so that every PC/SC program sees it as a real one. The reader
// is the driver vpcd of the virtual smart card project (Debian: vsmartcard-vpcd); it listens, the card dials.
//
//	pcscd -- libifdvpcd.so, listens on TCP port p <-- Serve -- Card
//
// # Protocol
//
// Frames in both directions: two bytes with the length, big-endian, then that many bytes. The reader speaks, the card answers, one frame
// after another. A frame of one byte controls:
//
//	00        power off    no answer; the card is reset
//	01        power on     no answer; the card is reset
//	02        reset        no answer; the card is reset
//	04        get ATR      the answer to reset, 1 to 33 bytes; asked several times a second, since that is how presence is seen
//
// Any longer frame is a command APDU and is answered with a response APDU. What else can come ends the connection: an empty
// frame, an unknown control byte, end of file, a card that fails. A new connection is the card inserted anew.
//
// The reader closes a connection when pcscd ends, and refuses one (it accepts none, in truth) while another card is in it. Serve then
// dials again, until its context ends: that is the card pulled.
//
// Its ports are 35963 and the next one (0x8C7B) where nothing else is configured, for its two slots. They are among those that Linux gives to
// outgoing connections: without a reader there, a dialler gets that very port for itself some day, and is connected with
// itself. Serve notices that.
//
// vpcd listens on every address of the computer and knows no password: whoever reaches its port may insert a card. That is for
// tests and test networks.
package vpcd
