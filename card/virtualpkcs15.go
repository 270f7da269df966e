package card

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// pkcs15Applet is a card with a PKCS #15 directory, with what a driver must not fall for: a key for qualified signatures, an RSA key, a CA's
// certificate. It takes neither chaining nor extended length, and wants exact lengths when reading (6Cxx).
type pkcs15Applet struct {
	files map[string][]byte // by path from the root; nil: the certificate
}

const (
	dirPKCS15    = "\x50\x15" // below the root
	pkcs15ATR    = 0x00       // no capabilities
	pkcs15Key    = 0x04
	pkcs15PIN    = 0x81
	pkcs15Stored = 8
)

// Files below dirPKCS15.
const (
	fileTokenInfo    = "\x50\x32"
	filePrivateKeys  = "\x44\x01"
	fileCertificates = "\x44\x02"
	filePasswords    = "\x44\x03"
	fileCertificate  = "\x43\x31"
	fileAuthority    = "\x43\x32"
)

func (v *Virtual) becomePKCS15(h Holder) (err error) {
	if v.pin, err = h.PIN.padded(pkcs15Stored, 0x00); err != nil {
		return err
	}
	a := &pkcs15Applet{files: map[string][]byte{"\x2f\x00": directoryEntry(applicationPKCS15, "UZI", "\x3f\x00"+dirPKCS15), dirPKCS15 + fileCertificate: nil}}
	for name, add := range map[string]func(*cryptobyte.Builder){
		string(pathODF):  addODF,
		fileTokenInfo:    addTokenInfo,
		filePrivateKeys:  addPrivateKeys,
		fileCertificates: addCertificates,
		filePasswords:    addPasswords,
	} {
		var b cryptobyte.Builder
		add(&b)
		if a.files[dirPKCS15+name], err = b.Bytes(); err != nil {
			return err
		}
	}
	v.applet, v.atr = a, contactATR(pkcs15ATR)
	return nil
}

func (a *pkcs15Applet) respond(v *Virtual, c Command) ([]byte, uint16) {
	switch {
	case c.CLA != 0:
		return nil, swClass
	case c.INS == 0xa4:
		return a.selectFile(v, c)
	case c.INS == 0xb0:
		return a.readBinary(v, c)
	case c.INS == insVerify:
		return nil, a.verify(v, c)
	case c.INS == 0x22:
		return nil, a.selectKey(v, c)
	case c.INS == 0x2a:
		return v.sign(c)
	}
	return nil, swInstruction
}

// selectFile is SELECT by application identifier (P1 04), by path from the root (08) or from here (09), or of a file here (00, 02). P2 says
// whether control parameters are wanted.
func (a *pkcs15Applet) selectFile(v *Virtual, c Command) ([]byte, uint16) {
	if c.P2 != 0x0c && c.P2 != 0x04 && c.P2 != 0x00 {
		return nil, swWrongP1P2
	}
	path := string(c.Data)
	switch c.P1 {
	case 0x00, 0x02, 0x09:
		if path == "\x3f\x00" {
			path = ""
		} else {
			path = v.state.application + path
		}
	case 0x04:
		if !bytes.Equal(c.Data, applicationPKCS15) {
			return nil, swFileNotFound
		}
		path = dirPKCS15
	case 0x08:
	default:
		return nil, swWrongP1P2
	}
	parameters, found := a.enter(v, path)
	switch {
	case !found:
		return nil, swFileNotFound
	case c.P2 == 0x0c:
		return nil, swOK
	}
	return controlParameters(parameters), swOK
}

// enter makes a directory or a file the selected one.
func (a *pkcs15Applet) enter(v *Virtual, path string) (parameters []byte, found bool) {
	file, found := a.files[path]
	switch {
	case path == dirPKCS15, path == "": // directories
		v.state.application, v.state.file, v.state.keySelected = path, nil, false
		return directoryParameters, true
	case !found:
		return nil, false
	case file == nil:
		file = v.file
	}
	v.state.application, v.state.file, v.state.keySelected = path[:len(path)-2], file, false
	return fileParameters(len(file), path[len(path)-2:]), true
}

// readBinary says how much there is (6Cxx) when more is wanted.
func (a *pkcs15Applet) readBinary(v *Virtual, c Command) ([]byte, uint16) {
	if c.P1&0x80 != 0 || len(c.Data) > 0 {
		return nil, swWrongP1P2
	}
	data, sw := v.state.read(int(c.P1)<<8|int(c.P2), c.Ne)
	if sw == swEndOfFile {
		return nil, swWrongLe | uint16(len(data))
	}
	return data, sw
}

func (a *pkcs15Applet) verify(v *Virtual, c Command) uint16 {
	switch {
	case c.P1 != 0 || c.P2 != pkcs15PIN:
		return swKeyNotFound
	case len(c.Data) == 0:
		return v.status(swBlocked)
	case len(c.Data) != len(v.pin):
		return swLength
	}
	return v.present(c.Data)
}

func (a *pkcs15Applet) selectKey(v *Virtual, c Command) uint16 {
	if c.P1 != 0x41 || c.P2 != 0xb6 {
		return swWrongP1P2
	}
	v.state.keySelected = v.state.application == dirPKCS15 && bytes.Equal(c.Data, []byte{0x84, 1, pkcs15Key})
	if !v.state.keySelected {
		return swKeyNotFound
	}
	return swOK
}

// The directory, in the order of ISO 7816-15 section 8.

func addPath(b *cryptobyte.Builder, path string) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte(path)) })
}

func addODF(b *cryptobyte.Builder) {
	for _, f := range []struct {
		tag  uint8
		file string
	}{{0, filePrivateKeys}, {4, fileCertificates}, {8, filePasswords}} {
		b.AddASN1(tagged(f.tag), func(b *cryptobyte.Builder) { addPath(b, "\x3f\x00"+dirPKCS15+f.file) })
	}
}

// addTokenInfo: version 1, a serial number, and what the card can do. Nothing here reads it, others want it.
func addTokenInfo(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1OctetString([]byte("0001"))
		b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte("UZI TEST-ONLY")) })
		b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes([]byte{4, 0x10}) }) // it generates random numbers: no more
	})
}

// addEntry writes one object: label and PIN, class attributes, type attributes.
func addEntry(b *cryptobyte.Builder, tag asn1.Tag, label, authID string, class, kind func(*cryptobyte.Builder)) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(label)) })
			b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes([]byte{7, 0x80}) }) // private
			if authID != "" {
				b.AddASN1OctetString([]byte(authID))
			}
		})
		b.AddASN1(asn1.SEQUENCE, class)
		b.AddASN1(tagged(1), func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, kind) })
	})
}

func addPrivateKeys(b *cryptobyte.Builder) {
	add := func(tag asn1.Tag, label, id string, usage []byte, reference int64) {
		addEntry(b, tag, label, "\x01", func(b *cryptobyte.Builder) {
			b.AddASN1OctetString([]byte(id))
			b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes(usage) })
			b.AddASN1Int64(reference)
		}, func(b *cryptobyte.Builder) {
			addPath(b, "\x3f\x00"+dirPKCS15)
			if tag == asn1.SEQUENCE {
				b.AddASN1Int64(2048) // RSA: length of the modulus
			}
		})
	}
	add(tagged(0), "Signature", "\x02", []byte{6, pkcs15Sign, pkcs15NonRepudiation}, pkcs15Key+1)
	add(asn1.SEQUENCE, "RSA", "\x03", []byte{5, pkcs15Sign}, pkcs15Key+2)
	add(tagged(0), "Authentication", "\x01", []byte{5, pkcs15Sign}, pkcs15Key)
}

func addCertificates(b *cryptobyte.Builder) {
	addEntry(b, asn1.SEQUENCE, "CA", "", func(b *cryptobyte.Builder) {
		b.AddASN1OctetString([]byte("\x01"))
		b.AddASN1Boolean(true)
	}, func(b *cryptobyte.Builder) { addPath(b, "\x3f\x00"+dirPKCS15+fileAuthority) })
	addEntry(b, asn1.SEQUENCE, "Authentication", "", func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte("\x01")) },
		func(b *cryptobyte.Builder) { addPath(b, "\x3f\x00"+dirPKCS15+fileCertificate) })
}

func addPasswords(b *cryptobyte.Builder) {
	addEntry(b, asn1.SEQUENCE, "PIN", "", func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte("\x01")) },
		func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes([]byte{2, 0x0c}) }) // initialised, needs padding
			b.AddASN1(asn1.ENUM, func(b *cryptobyte.Builder) { b.AddUint8(pinASCII) })
			b.AddASN1Int64(minPIN)
			b.AddASN1Int64(pkcs15Stored)
			b.AddASN1Int64(maxPIN)
			b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte{0, pkcs15PIN}) })
			b.AddASN1OctetString([]byte{0x00})
		})
}
