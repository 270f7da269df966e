package cvc

import (
	"bytes"
	"fmt"
	"time"
)

// Certificate is a CV certificate.
type Certificate struct {
	Raw  []byte // from tag 7F21 to its end
	CAR  [8]byte
	CHR  []byte    // 8 bytes of a CA, 12 of an end entity
	From time.Time // first day, at its beginning in UTC
	To   time.Time // last day, inclusive

	body      []byte // what is signed, with its tag
	signature []byte
	key       publicKey
	listOf    string // identifier of the list of rights
	flags     []byte
}

// Lists of rights: cvc_FlagList_TI 1.2.276.0.76.4.152, cvc_FlagList_CMS .153 (gemSpec_OID).
const (
	oidListTI  = "\x2a\x82\x14\x00\x4c\x04\x81\x18"
	oidListCMS = "\x2a\x82\x14\x00\x4c\x04\x81\x19"
)

// profile is the only certificate profile identifier of generation 2.
const profile = 0x70

// Parse reads one; what follows it in the file is not looked at, since cards pad their files. It checks its form, not its signature, time or use.
func Parse(raw []byte) (*Certificate, error) {
	raw = raw[:min(len(raw), maxCertificate+1)]
	in := reader{rest: raw}
	content, whole := in.takeWhole(tagCertificate)
	if in.bad {
		if head, size, ok := readHead(raw, tagCertificate); ok && head+size > maxCertificate {
			return nil, ErrTooLarge
		}
		return nil, fmt.Errorf("%w: begin", ErrCertificate)
	}
	if len(whole) > maxCertificate {
		return nil, ErrTooLarge
	}
	c := &Certificate{Raw: bytes.Clone(whole)}
	parts := reader{rest: content}
	body, signed := parts.takeWhole(tagBody)
	c.signature = bytes.Clone(parts.take(tagSignature))
	if !parts.end() {
		return nil, fmt.Errorf("%w: body and signature", ErrCertificate)
	}
	if n := len(c.signature); n != 64 && n != 96 && n != 128 {
		return nil, fmt.Errorf("%w: signature of %d bytes", ErrCertificate, n)
	}
	c.body = bytes.Clone(signed)
	if err := c.parseBody(body); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Certificate) parseBody(body []byte) error {
	in := &reader{rest: body}
	identifier, authority := in.take(tagProfile), in.take(tagAuthority)
	key := in.within(tagKey)
	keyOID, point := key.take(tagOID), key.take(tagPoint)
	holder := in.take(tagHolder)
	rights := in.within(tagRights)
	listOID, flags := rights.take(tagOID), rights.take(tagFlags)
	from, to := in.take(tagFrom), in.take(tagTo)
	switch {
	case !in.end() || !key.end() || !rights.end():
		return fmt.Errorf("%w: body", ErrCertificate)
	case len(identifier) != 1 || identifier[0] != profile:
		return ErrProfile
	case len(authority) != authorityLength || (len(holder) != authorityLength && len(holder) != holderLength):
		return ErrReference
	case len(flags) != flagsLength || (string(listOID) != oidListTI && string(listOID) != oidListCMS):
		return ErrFlagList
	}
	copy(c.CAR[:], authority)
	c.CHR, c.listOf, c.flags = bytes.Clone(holder), string(listOID), bytes.Clone(flags)
	var okFrom, okTo bool
	c.From, okFrom = readDate(from)
	c.To, okTo = readDate(to)
	if !okFrom || !okTo || c.To.Before(c.From) {
		return ErrDate
	}
	var err error
	c.key, err = parsePublicKey(keyOID, point)
	return err
}

// ICCSN is the card's serial number in the reference of an end entity, 10 bytes. A CA has none.
func (c *Certificate) ICCSN() []byte {
	if len(c.CHR) != holderLength {
		return nil
	}
	return bytes.Clone(c.CHR[holderLength-iccsnLength:])
}

// KeyID is the identifier of the key on the card, the first two bytes of an end entity's reference: 0009 for eGK.AUT_CVC.E256. A CA has none.
func (c *Certificate) KeyID() (id [2]byte) {
	if len(c.CHR) == holderLength {
		copy(id[:], c.CHR)
	}
	return id
}

// role is what the first two of the flags say.
type role byte

const (
	roleCard  role = 0b00
	roleSubCA role = 0b10
	roleRoot  role = 0b11
)

func (c *Certificate) role() role { return role(c.flags[0] >> 6) }
