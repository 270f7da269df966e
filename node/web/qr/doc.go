// Package qr draws QR codes as SVG and reads them from photos.
//
// A code that is shown is one path in units of its modules, so that it is sharp on screen and paper at any size, with the quiet zone
// that scanners need. Text of digits, capitals and $%*+-./: (codes, and URLs in capitals) takes the alphanumeric mode and a smaller code.
//
// A photo is JPEG or PNG, as browsers send it from a phone's camera or a file. It comes from anybody who can reach the form, so what it
// may cost in bytes, memory and time is bounded (limits.go), and one photo is read at a time. Nothing of it is kept.
package qr
