// Package published is a test eGK of an invented person that gematik has published with its keys (popp.md 7.1): for tests of what reads cards, so that
// they read one that was not made here. Only tests import it.
//
// Of its issuers' certificates the bytes are not at hand, but what they signed is, from which their keys follow: CVCRoot and CA are made of these, with
// the names that the card's certificates ask for. Their own signatures are none, since a root is trusted as it is.
package published

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

//go:embed card-a.txt
var cardA string

// Card is what stands on a card.
type Card struct {
	Version2, GDO, SubCA, EndEntity, X509 []byte
	Key                                   []byte // of EndEntity, a number of 32 bytes
}

// Hashes of two certificates of CardA as they are on the card, SHA-256.
const (
	EndEntityHash = "52a3796d4c3d338ebf409b44381e57e614413698e81f06bfab013f0411202295"
	X509Hash      = "fa775d9c452f9f02cdfdf9a9195de14add3966b40057f4630945d0963efa78ab"
)

// CardA is valid from 2023-09-20 to 2028-09-19.
func CardA() Card {
	var c Card
	fields := map[string]*[]byte{
		"version2": &c.Version2, "gdo": &c.GDO, "sub-ca": &c.SubCA, "end-entity": &c.EndEntity, "x509": &c.X509, "key": &c.Key,
	}
	var field *[]byte
	for line := range strings.Lines(cardA) {
		if text := strings.TrimSpace(line); !strings.HasPrefix(line, " ") {
			field = fields[text]
		} else {
			*field = append(*field, unhex(text)...)
		}
	}
	return c
}

// CVCRoot stands for DEGXX870222, which issued CardA's Sub-CA.
func CVCRoot() []byte {
	sub := CardA().SubCA
	const head, bodyEnd = 4, 4 + 4 + 0x91 // 7F21 81 D8, then 7F4E 81 91 and its content
	digest := sha256.Sum256(sub[head:bodyEnd])
	signature := sub[bodyEnd+3:]
	points := signers(digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	name := sub[head+4+6 : head+4+6+8] // behind 5F29 01 70 and 42 08
	body := slices.Concat(unhex("5f2901704208"), name, unhex("7f494d06082a8648ce3d0403028641"), points[0], unhex("5f2008"), name,
		unhex("7f4c1306082a8214004c0481185307"), unhex("c0ffffffffffff"), unhex("5f2506020200010001"), unhex("5f2406030200010001"))
	body = slices.Concat([]byte{0x7f, 0x4e, 0x81, byte(len(body))}, body, unhex("5f3740"), bytes.Repeat([]byte{1}, 64))
	return append([]byte{0x7f, 0x21, 0x81, byte(len(body))}, body...)
}

// CA stands for GEM.EGK-CA51 TEST-ONLY, which issued CardA's X.509 certificate. That its key is the right one is known: the certificate names its hash.
func CA() []byte {
	in := cryptobyte.String(CardA().X509)
	var outer, whole, tbs, issuer cryptobyte.String
	var signature []byte
	r, s := new(big.Int), new(big.Int)
	ok := in.ReadASN1(&outer, asn1.SEQUENCE) && outer.ReadASN1Element(&whole, asn1.SEQUENCE) && outer.SkipASN1(asn1.SEQUENCE) &&
		outer.ReadASN1BitStringAsBytes(&signature)
	signed := cryptobyte.String(signature)
	ok = ok && signed.ReadASN1(&signed, asn1.SEQUENCE) && signed.ReadASN1Integer(r) && signed.ReadASN1Integer(s)
	digest := sha256.Sum256(whole)
	ok = ok && whole.ReadASN1(&tbs, asn1.SEQUENCE) && tbs.SkipASN1(asn1.Tag(0).ContextSpecific().Constructed()) &&
		tbs.SkipASN1(asn1.INTEGER) && tbs.SkipASN1(asn1.SEQUENCE) && tbs.ReadASN1Element(&issuer, asn1.SEQUENCE)
	if !ok {
		panic("not the published certificate")
	}
	for _, point := range signers(digest[:], r, s) {
		if id := sha1.Sum(point); hex.EncodeToString(id[:]) == "74e9f91483e10be611f62aac97ecd9af9943c1f0" {
			return caOf(issuer, point, id[:])
		}
	}
	panic("none of the keys is the one that the certificate names")
}

// caOf is a CA's certificate from 2020 to 2035.
func caOf(name, point, id []byte) []byte {
	algorithm := unhex("300a06082a8648ce3d040302")
	body := slices.Concat(unhex("a003020102020101"), algorithm, name, wrap(0x30, []byte("\x17\x0d200101000000Z\x17\x0d350101000000Z")), name,
		wrap(0x30, unhex("301406072a8648ce3d020106092b2403030208010107"), wrap(3, []byte{0}, point)),
		wrap(0xa3, wrap(0x30,
			wrap(0x30, unhex("0603551d130101ff040530030101ff")),
			wrap(0x30, unhex("0603551d0f0101ff040403020106")),
			wrap(0x30, unhex("0603551d0e"), wrap(4, wrap(4, id))))))
	return wrap(0x30, wrap(0x30, body), algorithm, unhex("0309003006020101020101"))
}

// wrap writes an element in DER.
func wrap(tag byte, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	switch n := len(content); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	}
}

func unhex(s string) []byte {
	raw, err := hex.DecodeString(s)
	if err != nil {
		panic(fmt.Sprintf("%q: %v", s, err))
	}
	return raw
}
