package pace

import (
	"crypto/sha1"
)

// Counters of the key derivation (TR-03110 part 3, annex A.2.3).
const (
	forEncryption = 1
	forMAC        = 2
	forPassword   = 3
)

// derive is the key derivation for AES-128. SHA-1 is the specification's: what it is used for needs no resistance against collisions.
func derive(secret []byte, counter byte) (key [block]byte) {
	sum := sha1.Sum(append(append(make([]byte, 0, len(secret)+4), secret...), 0, 0, 0, counter))
	copy(key[:], sum[:])
	return key
}

// sealNonce is z of s under a CAN, openNonce the reverse. It is one block, so that CBC with an IV of zero is the cipher itself.
func sealNonce(can CAN, s [block]byte) (z [block]byte) {
	newAES(derive([]byte(can), forPassword)).Encrypt(z[:], s[:])
	return z
}

func openNonce(can CAN, z [block]byte) (s [block]byte) {
	newAES(derive([]byte(can), forPassword)).Decrypt(s[:], z[:])
	return s
}

// keys of a session.
type keys struct{ encryption, mac [block]byte }

func keysOf(common point) keys {
	secret := common.secret()
	defer clear(secret)
	return keys{derive(secret, forEncryption), derive(secret, forMAC)}
}

// token is what one side shows to have the keys: a MAC of the other side's key (TR-03110 part 3, annex A.2.4.1 and D.3.4).
func (k keys) token(of point) [macSize]byte {
	encoded := of.encode()
	return newCMAC(k.mac).sum([]byte{0x7f, 0x49, byte(2 + len(protocol) + 2 + len(encoded)), 0x06, byte(len(protocol))}, []byte(protocol),
		[]byte{0x86, byte(len(encoded))}, encoded)
}
