package gossip

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/binary"
	"fmt"

	"github.com/cloudflare/circl/blindsign/blindrsa"
)

// Pass says that an issuer admitted the holder of P for one epoch. The issuer signed blindly: it cannot tell for whom.
type Pass struct {
	P         [32]byte `cbor:"1,keyasint"` // Ed25519, identity of the front host; it signs the sheets
	H         [32]byte `cbor:"2,keyasint"` // X25519; requests to the practice are sealed to it
	Epoch     uint64   `cbor:"3,keyasint"`
	Issuer    KeyID    `cbor:"4,keyasint"`
	Prefix    [32]byte `cbor:"5,keyasint"` // random, put before the message (RFC 9474 section 4.1, Randomized)
	Signature []byte   `cbor:"6,keyasint"` // 384 bytes
}

const passDomain = "pieks/pass/1\x00"

// passVariant: circl advises the randomized variant where the signer may be malicious (crypto.md 2.3).
const passVariant = blindrsa.SHA384PSSRandomized

// message is what the issuer signs: the domain, a zero byte, P, H and the epoch as 8 bytes big-endian.
func (p *Pass) message() []byte {
	b := make([]byte, 0, len(passDomain)+32+32+8)
	b = append(b, passDomain...)
	b = append(b, p.P[:]...)
	b = append(b, p.H[:]...)
	return binary.BigEndian.AppendUint64(b, p.Epoch)
}

// Verify checks the signature of the pass under key, and nothing else. The only errors are ErrIssuer, when the pass
// names another key, and ErrPass.
func (p *Pass) Verify(key IssuerKey) error {
	if p.Issuer != key.ID || key.Key == nil {
		return ErrIssuer
	}
	// A signature s and s+n are the same to RSA; only the one below n, in full length, is a pass.
	if len(p.Signature) != key.Key.Size() || bytes.Compare(p.Signature, key.Key.N.FillBytes(make([]byte, key.Key.Size()))) >= 0 {
		return ErrPass
	}
	h := sha512.New384()
	h.Write(p.Prefix[:])
	h.Write(p.message())
	opts := &rsa.PSSOptions{SaltLength: sha512.Size384, Hash: crypto.SHA384}
	if rsa.VerifyPSS(key.Key, crypto.SHA384, h.Sum(nil), p.Signature, opts) != nil {
		return ErrPass
	}
	return nil
}

// PassRequest is one pass between blinding and finishing. It lives in memory only: what is written down could link the
// pass to the request.
type PassRequest struct {
	key     IssuerKey
	pass    Pass
	client  blindrsa.Client
	state   blindrsa.State
	blinded []byte
}

// BlindPass prepares a pass of p and h for epoch. Take key only from the network bundle (Policy.BlindPass does): a key
// that only one practice was given would mark that practice's passes. ErrEpoch when the key is not for that epoch.
func BlindPass(key IssuerKey, p, h [32]byte, epoch uint64, rules Rules) (*PassRequest, error) {
	if err := key.covers(epoch, rules); err != nil {
		return nil, err
	}
	client, err := blindrsa.NewClient(passVariant, key.Key)
	if err != nil {
		return nil, fmt.Errorf("blind a pass: %w", err)
	}
	r := &PassRequest{key: key, pass: Pass{P: p, H: h, Epoch: epoch, Issuer: key.ID}, client: client}
	prepared, err := client.Prepare(rand.Reader, r.pass.message())
	if err != nil {
		return nil, fmt.Errorf("blind a pass: %w", err)
	}
	copy(r.pass.Prefix[:], prepared)
	if r.blinded, r.state, err = client.Blind(rand.Reader, prepared); err != nil {
		return nil, fmt.Errorf("blind a pass: %w", err)
	}
	return r, nil
}

// Blinded is what the issuer signs, 384 bytes.
func (r *PassRequest) Blinded() []byte { return r.blinded }

// Finish takes the blinding off and checks the pass. A tampered blind signature, or one by another key, gives ErrPass:
// throw the request away and report the issuer.
func (r *PassRequest) Finish(blindSignature []byte) (Pass, error) {
	sig, err := r.client.Finalize(r.state, blindSignature)
	if err != nil {
		return Pass{}, fmt.Errorf("issuer answered with a wrong signature (%v): %w", err, ErrPass)
	}
	pass := r.pass
	pass.Signature = sig
	if err := pass.Verify(r.key); err != nil {
		return Pass{}, err
	}
	return pass, nil
}

// BlindSign is the issuer's part: it signs what it cannot read. ErrBlinded for bytes that no practice sends.
func BlindSign(key *rsa.PrivateKey, blinded []byte) ([]byte, error) {
	size := key.Size()
	if len(blinded) != size || bytes.Compare(blinded, key.N.FillBytes(make([]byte, size))) >= 0 || isSmall(blinded) {
		return nil, ErrBlinded
	}
	sig, err := blindrsa.NewSigner(key).BlindSign(blinded)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrBlinded, err)
	}
	return sig, nil
}

// isSmall says whether a big-endian number is 0 or 1, which are their own signatures under every key.
func isSmall(number []byte) bool {
	return len(bytes.TrimLeft(number[:len(number)-1], "\x00")) == 0 && number[len(number)-1] <= 1
}

// Public is P as a key.
func (p *Pass) Public() ed25519.PublicKey { return ed25519.PublicKey(p.P[:]) }
