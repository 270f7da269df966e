package card

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// The directory of a PKCS #15 card (ISO 7816-15): EF.ODF names the files in which keys, certificates and PINs are listed. Read strictly
// and within limits; entries of kinds that are not used are passed over, but must be whole.

// directoryFiles are the paths of EF.ODF, of the first file of each kind.
type directoryFiles struct{ privateKeys, certificates, passwords []byte }

// parseODF reads EF.ODF, a row of [n] { Path }: 0 private keys, 4 certificates, 8 authentication objects.
func parseODF(data []byte) (d directoryFiles, err error) {
	wanted := map[asn1.Tag]*[]byte{tagged(0): &d.privateKeys, tagged(4): &d.certificates, tagged(8): &d.passwords}
	err = eachObject(data, func(tag asn1.Tag, body cryptobyte.String) error {
		path, used := wanted[tag]
		if !used || *path != nil {
			return nil
		}
		var ok bool
		if *path, ok = readPath(&body); !ok || !body.Empty() {
			return fmt.Errorf("%w: object directory", ErrLayout)
		}
		return nil
	})
	if err == nil && (d.privateKeys == nil || d.certificates == nil || d.passwords == nil) {
		err = fmt.Errorf("%w: object directory is not complete", ErrLayout)
	}
	return d, err
}

// eachObject goes through a directory file up to its padding of 00 or FF.
func eachObject(data []byte, use func(tag asn1.Tag, body cryptobyte.String) error) error {
	in := cryptobyte.String(data)
	for n := 0; !in.Empty() && in[0] != 0x00 && in[0] != 0xff; n++ {
		var body cryptobyte.String
		var tag asn1.Tag
		if n == maxObjects || !in.ReadAnyASN1(&body, &tag) {
			return fmt.Errorf("%w: directory", ErrLayout)
		}
		if err := use(tag, body); err != nil {
			return err
		}
	}
	return nil
}

// readPath reads Path ::= SEQUENCE { path OCTET STRING, index INTEGER OPTIONAL, length [0] INTEGER OPTIONAL }. The file is used from its
// beginning to the end of what is in it, so an index other than 0 is refused.
func readPath(in *cryptobyte.String) (path []byte, ok bool) {
	var body, octets cryptobyte.String
	var index, length int
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&octets, asn1.OCTET_STRING) ||
		!readOptionalInteger(&body, &index) ||
		!readImplicitInteger(&body, asn1.Tag(0).ContextSpecific(), &length) || !body.Empty() {
		return nil, false
	}
	return octets, index == 0 && len(octets) >= 2 && len(octets)%2 == 0 && len(octets) <= maxPath
}

// readOptionalInteger reads INTEGER OPTIONAL; without one n stays as it is.
func readOptionalInteger(in *cryptobyte.String, n *int) bool {
	return !in.PeekASN1Tag(asn1.INTEGER) || in.ReadASN1Integer(n)
}

// readImplicitInteger reads [n] IMPLICIT INTEGER OPTIONAL, from 0 to 32767.
func readImplicitInteger(in *cryptobyte.String, tag asn1.Tag, n *int) bool {
	var body cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&body, &present, tag) || !present {
		return !present
	}
	return smallNumber(body, n)
}

// smallNumber takes the contents of an INTEGER or ENUMERATED, from 0 to 32767.
func smallNumber(body []byte, n *int) bool {
	switch {
	case len(body) == 0 || len(body) > 2 || body[0] >= 0x80, len(body) == 2 && body[0] == 0 && body[1] < 0x80:
		return false
	}
	*n = 0
	for _, b := range body {
		*n = *n<<8 | int(b)
	}
	return true
}

// entry is one object of a directory file: common, class and type attributes (ISO 7816-15 section 8.2).
type entry struct {
	authID      string // of the PIN that guards it, or its own if it is one
	class, kind cryptobyte.String
}

// readEntry reads PKCS15Object; what stands in [0], subclass attributes, is passed over.
func readEntry(body cryptobyte.String) (e entry, ok bool) {
	var common, outer, authID cryptobyte.String
	var present bool
	if !body.ReadASN1(&common, asn1.SEQUENCE) || !body.ReadASN1(&e.class, asn1.SEQUENCE) ||
		!body.SkipOptionalASN1(tagged(0)) || !body.ReadASN1(&outer, tagged(1)) || !body.Empty() ||
		!outer.ReadASN1(&e.kind, asn1.SEQUENCE) || !outer.Empty() {
		return e, false
	}
	if !common.SkipOptionalASN1(asn1.UTF8String) || !common.SkipOptionalASN1(asn1.BIT_STRING) || // label, flags
		!common.ReadOptionalASN1(&authID, &present, asn1.OCTET_STRING) {
		return e, false
	}
	e.authID = string(authID)
	return e, len(authID) <= maxObjectID
}

// privateKey is an EC key of EF.PrKD that may sign.
type privateKey struct {
	id, authID string
	reference  byte
}

// Bits of KeyUsageFlags in their first octets (ISO 7816-15 section 8.4.1).
const (
	pkcs15Sign           = 0x20 // bit 2
	pkcs15NonRepudiation = 0x40 // bit 9, in the second octet: qualified signatures, which Pieks never makes
)

// parsePrivateKeys gives the EC keys ([0] PrivateKeyObject) for signatures that are not qualified.
func parsePrivateKeys(data []byte) (keys []privateKey, err error) {
	err = eachObject(data, func(tag asn1.Tag, body cryptobyte.String) error {
		if tag != tagged(0) {
			return nil
		}
		e, ok := readEntry(body)
		var id, usage cryptobyte.String
		reference := -1
		if !ok || !e.class.ReadASN1(&id, asn1.OCTET_STRING) || len(id) > maxObjectID || !e.class.ReadASN1(&usage, asn1.BIT_STRING) ||
			len(usage) < 2 || len(usage) > 4 || !e.class.SkipOptionalASN1(asn1.BOOLEAN) || // native
			!e.class.SkipOptionalASN1(asn1.BIT_STRING) || // access flags
			!readOptionalInteger(&e.class, &reference) {
			return fmt.Errorf("%w: private keys", ErrLayout)
		}
		if usage[1]&pkcs15Sign == 0 || (len(usage) > 2 && usage[2]&pkcs15NonRepudiation != 0) || reference < 0 || reference > 0xff {
			return nil
		}
		keys = append(keys, privateKey{string(id), e.authID, byte(reference)})
		return nil
	})
	return keys, err
}

// parseCertificates gives the paths of the holder's X.509 certificates (a plain SEQUENCE) by their identifiers.
func parseCertificates(data []byte) (paths map[string][]byte, err error) {
	paths = make(map[string][]byte)
	err = eachObject(data, func(tag asn1.Tag, body cryptobyte.String) error {
		if tag != asn1.SEQUENCE {
			return nil
		}
		e, ok := readEntry(body)
		var id cryptobyte.String
		authority := false
		if !ok || !e.class.ReadASN1(&id, asn1.OCTET_STRING) || len(id) > maxObjectID || !readCritical(&e.class, &authority) {
			return fmt.Errorf("%w: certificates", ErrLayout)
		}
		if authority || !e.kind.PeekASN1Tag(asn1.SEQUENCE) { // a CA's, or one that stands in the directory itself
			return nil
		}
		path, ok := readPath(&e.kind)
		if !ok {
			return fmt.Errorf("%w: certificates", ErrLayout)
		}
		if paths[string(id)] == nil {
			paths[string(id)] = path
		}
		return nil
	})
	return paths, err
}

// password is a PIN object of EF.AOD.
type password struct {
	reference byte
	form      int  // pinASCII, pinUTF8 or pinISO9564
	stored    int  // bytes on the card, to which shorter ones are padded
	pad       byte // what with
	padded    bool
}

// Types of passwords (ISO 7816-15 section 8.9.2). BCD ones have half bytes whose order cards do not agree about: not supported.
const (
	pinASCII   = 1
	pinUTF8    = 2
	pinISO9564 = 4
)

// parsePasswords gives the PINs (a plain SEQUENCE) by their authentication identifiers.
func parsePasswords(data []byte) (passwords map[string]password, err error) {
	passwords = make(map[string]password)
	err = eachObject(data, func(tag asn1.Tag, body cryptobyte.String) error {
		if tag != asn1.SEQUENCE {
			return nil
		}
		e, ok := readEntry(body)
		var authID cryptobyte.String
		if !ok || !e.class.ReadASN1(&authID, asn1.OCTET_STRING) || len(authID) > maxObjectID {
			return fmt.Errorf("%w: PINs", ErrLayout)
		}
		p, ok := readPassword(&e.kind)
		if !ok {
			return fmt.Errorf("%w: PINs", ErrLayout)
		}
		if _, twice := passwords[string(authID)]; !twice {
			passwords[string(authID)] = p
		}
		return nil
	})
	return passwords, err
}

// readPassword reads PasswordAttributes: flags, type, minimum, stored and maximum length, reference, padding.
func readPassword(in *cryptobyte.String) (p password, ok bool) {
	var form, pad cryptobyte.String
	var least, most, reference int
	if !in.SkipASN1(asn1.BIT_STRING) || !in.ReadASN1(&form, asn1.ENUM) || !smallNumber(form, &p.form) ||
		!in.ReadASN1Integer(&least) || !in.ReadASN1Integer(&p.stored) || !readOptionalInteger(in, &most) ||
		!readImplicitInteger(in, asn1.Tag(0).ContextSpecific(), &reference) ||
		!in.ReadOptionalASN1(&pad, &p.padded, asn1.OCTET_STRING) {
		return p, false
	}
	if p.padded {
		if len(pad) != 1 {
			return p, false
		}
		p.pad = pad[0]
	}
	p.reference = byte(reference)
	return p, reference <= 0xff && p.stored >= 0 && p.stored <= maxStoredPIN
}

// block is the PIN as the card wants it.
func (p password) block(pin PIN) ([]byte, error) {
	switch p.form {
	case pinISO9564:
		b, err := pin.block()
		return b[:], err
	case pinASCII, pinUTF8:
		if !p.padded {
			return pin.padded(0, 0)
		}
		return pin.padded(p.stored, p.pad)
	}
	return nil, fmt.Errorf("%w: PIN of type %d", ErrLayout, p.form)
}
