package pace

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
)

// cmac is AES-CMAC (RFC 4493), cut to 8 bytes.
type cmac struct {
	cipher cipher.Block
	k1, k2 [block]byte // for a last block that is whole, and one that is padded
}

func newCMAC(key [block]byte) *cmac {
	c := &cmac{cipher: newAES(key)}
	var zero [block]byte
	c.cipher.Encrypt(c.k1[:], zero[:])
	double(&c.k1)
	c.k2 = c.k1
	double(&c.k2)
	return c
}

func newAES(key [block]byte) cipher.Block {
	c, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the length is right
	}
	return c
}

// double is the multiplication by x in GF(2^128), RFC 4493 section 2.3.
func double(b *[block]byte) {
	carry := b[0] >> 7
	for i := range block - 1 {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[block-1] = b[block-1]<<1 ^ 0x87*carry
}

// sum is the MAC of the parts in a row.
func (c *cmac) sum(parts ...[]byte) (mac [macSize]byte) {
	var state, last [block]byte
	held := 0 // bytes in last: the last block is known only at the end
	for _, part := range parts {
		for _, b := range part {
			if held == block {
				subtle.XORBytes(state[:], state[:], last[:])
				c.cipher.Encrypt(state[:], state[:])
				held = 0
			}
			last[held] = b
			held++
		}
	}
	mask := c.k1
	if held < block {
		last[held] = 0x80
		clear(last[held+1:])
		mask = c.k2
	}
	subtle.XORBytes(state[:], state[:], last[:])
	subtle.XORBytes(state[:], state[:], mask[:])
	c.cipher.Encrypt(state[:], state[:])
	copy(mac[:], state[:])
	return mac
}

// good compares a MAC in constant time.
func good(mac [macSize]byte, given []byte) bool {
	return subtle.ConstantTimeCompare(mac[:], given) == 1
}
