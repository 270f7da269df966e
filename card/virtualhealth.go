package card

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
)

// healthApplet is an HBA, an SMC-B or an eGK.
type healthApplet struct {
	layout layout
	root   []virtualFile
	esign  []virtualFile
	auth   *ecdsa.PrivateKey // eGK.AUT_CVC.E256 of an eGK, nil on others
}

// virtualFile is an elementary file with its two identifiers.
type virtualFile struct {
	id    uint16
	short byte // 0: none
	data  []byte
}

const (
	dirESIGN   = "ESIGN"
	healthATR  = 0xc0 // capabilities: chaining, extended length
	fileDIR    = 0x2f00
	fileATR    = 0x2f01
	fileGDO    = 0x2f02
	fileRoot   = 0x3f00
	fileAUT    = 0xc506 // EF.C.HP.AUT.E256, EF.C.HCI.AUT.E256
	fcpControl = 0x62
)

// becomeHealth gives v the files of an HBA or an SMC-B.
func (v *Virtual) becomeHealth(h Holder) error {
	a, err := v.newHealth(h.Kind, h.PIN)
	if err != nil {
		return err
	}
	a.root = append(a.root, virtualFile{fileGDO, 0x02, serialNumber(v.file)})
	a.esign = []virtualFile{{fileAUT, a.layout.certificate, nil}}
	v.applet = a
	return nil
}

// newHealth gives v the PIN and the answer to reset of a health card, and makes what it does. Its root has what a tool looks for that does not know
// the card: EF.DIR, EF.ATR. The content of the certificate's file in DF.ESIGN is v.file.
func (v *Virtual) newHealth(kind Kind, pin PIN) (*healthApplet, error) {
	block, err := pin.block()
	if err != nil {
		return nil, err
	}
	v.pin, v.atr = block[:], contactATR(healthATR)
	a := &healthApplet{root: []virtualFile{
		{fileDIR, 0x1e, directoryEntry(applicationESIGN, "ESIGN", "")},
		{fileATR, 0x1d, []byte("\x47\x03\x94\x01\xc0\x7f\x66\x08\x02\x02\xff\xff\x02\x02\xff\xff")}, // capabilities, longest APDUs
	}}
	for _, l := range layouts {
		if l.kind == kind {
			a.layout = l
		}
	}
	return a, nil
}

// serialNumber is EF.GDO: an ICCSN with the country and issuer of test cards, and digits of its own.
func serialNumber(of []byte) []byte {
	sum := sha256.Sum256(of)
	number := []byte("\x5a\x0a\x80\x27\x68\x83\x11")
	for _, b := range sum[:5] {
		number = append(number, b/10%10<<4|b%10)
	}
	return number
}

// directoryEntry is an application template of EF.DIR (ISO 7816-4 section 12.2.2), with its path if that helps.
func directoryEntry(id []byte, label, path string) []byte {
	body := append([]byte{0x4f, byte(len(id))}, id...)
	body = append(append(body, 0x50, byte(len(label))), label...)
	if path != "" {
		body = append(append(body, 0x51, byte(len(path))), path...)
	}
	return append([]byte{0x61, byte(len(body))}, body...)
}

// instruction is a class and an instruction byte.
type instruction struct{ cla, ins byte }

var healthInstructions = map[instruction]func(*healthApplet, *Virtual, Command) ([]byte, uint16){
	{0x00, 0xa4}:      (*healthApplet).selectFile,
	{0x00, 0xb0}:      (*healthApplet).readBinary,
	{0x00, insVerify}: (*healthApplet).verify,
	{0x80, insVerify}: (*healthApplet).pinStatus,
	{0x00, 0x22}:      (*healthApplet).selectKey,
	{0x00, 0x88}:      (*healthApplet).authenticate,
	{0x00, 0x2a}:      func(_ *healthApplet, v *Virtual, c Command) ([]byte, uint16) { return v.sign(c) },
}

func (a *healthApplet) respond(v *Virtual, c Command) ([]byte, uint16) {
	do, known := healthInstructions[instruction{c.CLA, c.INS}]
	if !known {
		if c.CLA != 0x00 && c.CLA != 0x80 {
			return nil, swClass
		}
		return nil, swInstruction
	}
	return do(a, v, c)
}

// selectFile is SELECT by application identifier, or of the root without one, and of files by identifier. It forgets the key that was
// selected. P2 says whether control parameters are wanted.
func (a *healthApplet) selectFile(v *Virtual, c Command) ([]byte, uint16) {
	if c.P2 != 0x0c && c.P2 != 0x04 && c.P2 != 0x00 {
		return nil, swWrongP1P2
	}
	var parameters []byte
	var sw uint16
	switch c.P1 {
	case 0x04:
		parameters, sw = a.selectApplication(v, c.Data)
	case 0x00, 0x02:
		parameters, sw = a.selectIdentifier(v, c.Data)
	default:
		return nil, swWrongP1P2
	}
	if sw != swOK || c.P2 == 0x0c {
		return nil, sw
	}
	return controlParameters(parameters), swOK
}

// controlParameters is the template that SELECT answers (ISO 7816-4 section 7.4), fileParameters what it has for an elementary file.
func controlParameters(parameters []byte) []byte {
	return append([]byte{fcpControl, byte(len(parameters))}, parameters...)
}

func fileParameters(size int, id string) []byte {
	return append([]byte{0x80, 2, byte(size >> 8), byte(size), 0x82, 1, 0x01, 0x83, 2}, id...)
}

// directoryParameters: a directory, whatever its name.
var directoryParameters = []byte{0x82, 1, 0x38}

func (a *healthApplet) selectApplication(v *Virtual, id []byte) (parameters []byte, sw uint16) {
	next := cardState{pinVerified: v.state.pinVerified}
	switch {
	case bytes.Equal(id, a.layout.application):
		next.application = dirESIGN
	case len(id) == 0, bytes.Equal(id, a.layout.root):
		id = a.layout.root
	default:
		return nil, swFileNotFound
	}
	v.state = next
	return append(append(bytes.Clone(directoryParameters), 0x84, byte(len(id))), id...), swOK
}

func (a *healthApplet) selectIdentifier(v *Virtual, id []byte) (parameters []byte, sw uint16) {
	if len(id) == 0 || bytes.Equal(id, []byte{fileRoot >> 8, fileRoot & 0xff}) {
		return a.selectApplication(v, nil)
	}
	if len(id) != 2 {
		return nil, swLength
	}
	for _, f := range a.files(v) {
		if f.id == uint16(id[0])<<8|uint16(id[1]) {
			v.state.file, v.state.keySelected, v.state.authSelected = f.data, false, false
			return fileParameters(len(f.data), string(id)), swOK
		}
	}
	return nil, swFileNotFound
}

// files of the selected directory.
func (a *healthApplet) files(v *Virtual) []virtualFile {
	if v.state.application != dirESIGN {
		return a.root
	}
	f := a.esign[0]
	f.data = v.file
	return []virtualFile{f}
}

// readBinary reads a file: P1 with the high bit selects by short file identifier, P2 is the offset then.
func (a *healthApplet) readBinary(v *Virtual, c Command) ([]byte, uint16) {
	if len(c.Data) > 0 {
		return nil, swLength
	}
	offset := int(c.P1)<<8 | int(c.P2)
	if c.P1&0x80 != 0 {
		offset = int(c.P2)
		found := false
		for _, f := range a.files(v) {
			if f.short == c.P1&0x1f {
				v.state.file, found = f.data, true
			}
		}
		if !found {
			return nil, swFileNotFound
		}
	}
	data, sw := v.state.read(offset, c.Ne)
	if sw == swEndOfFile && a.auth != nil && (c.Ne == 256 || c.Ne == maxExtended+1) {
		sw = swOK // Le 00 asks for what there is, and that was given (gemSpec_COS, READ BINARY)
	}
	return data, sw
}

// verify is VERIFY with a format 2 block. A block of another shape costs no try.
func (a *healthApplet) verify(v *Virtual, c Command) ([]byte, uint16) {
	switch {
	case c.P1 != 0 || c.P2 != a.layout.pin:
		return nil, swKeyNotFound
	case len(c.Data) != len(v.pin):
		return nil, swLength
	case v.tries == 0:
		return nil, swBlocked
	case !isPINBlock(c.Data):
		return nil, swWrongData
	}
	return nil, v.present(c.Data)
}

func (a *healthApplet) pinStatus(v *Virtual, c Command) ([]byte, uint16) {
	if c.P1 != 0 || c.P2 != a.layout.pin {
		return nil, swKeyNotFound
	}
	return nil, v.status(swWrongPIN)
}

// selectKey is MANAGE SECURITY ENVIRONMENT, SET for digital signature, on an eGK also for internal authentication.
func (a *healthApplet) selectKey(v *Virtual, c Command) ([]byte, uint16) {
	if a.auth != nil && c.P1 == 0x41 && c.P2 == 0xa4 {
		return a.selectAuthKey(v, c)
	}
	if c.P1 != 0x41 || c.P2 != 0xb6 {
		return nil, swWrongP1P2
	}
	want := []byte{0x84, 1, a.layout.key, 0x80, 1, a.layout.algorithm}
	v.state.keySelected = v.state.application == dirESIGN && a.layout.key != 0 && bytes.Equal(c.Data, want)
	if !v.state.keySelected {
		return nil, swKeyNotFound
	}
	return nil, swOK
}
