package card

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"math/big"
	"time"

	"pieks/card/brainpool"
	"pieks/card/cvc"
)

// Patient is what stands on an eGK of generation 2.1 that proves itself, and the key that it proves it with.
type Patient struct {
	Version2  []byte            // EF.Version2
	GDO       []byte            // EF.GDO, the serial number (ICCSN)
	SubCA     []byte            // EF.C.CA_eGK.CS.E256
	EndEntity []byte            // EF.C.eGK.AUT_CVC.E256
	X509      []byte            // EF.C.CH.AUT.E256
	Key       *ecdsa.PrivateKey // PrK.eGK.AUT_CVC.E256, over brainpoolP256r1
	PIN       PIN               // empty: VirtualPIN
}

// Files of an eGK (gemSpec_eGK_ObjSys G2.1, popp.md 3.1 and 3.2).
const (
	fileVersion2 = 0x2f11
	fileCVC      = 0x2f06 // EF.C.eGK.AUT_CVC.E256
	fileSubCA    = 0x2f07 // EF.C.CA_eGK.CS.E256
	fileCHAUT    = 0xc504 // EF.C.CH.AUT.E256
)

// version2 says that the card is of filling instruction 2.0.0 and object system 4.5.2, generation 2.1 (popp.md 3.1).
var version2 = []byte("\xef\x0a\xc0\x03\x02\x00\x00\xc1\x03\x04\x05\x02")

// NewPatient makes what stands on a card, with keys from seed and certificates by ca and certifier: the same for the same arguments.
func NewPatient(ca *TestCA, certifier *cvc.TestPKI, holder Holder, seed [32]byte) (Patient, error) {
	holder.Kind = EGK
	if holder.Curve == "" {
		holder.Curve = CurveBrainpool
	}
	h := holder.withDefaults()
	_, der, err := ca.certify(h, seed)
	if err != nil {
		return Patient{}, err
	}
	return h.patient(certifier, der, seed)
}

// patient adds to a certificate what else stands on the card.
func (h Holder) patient(certifier *cvc.TestPKI, der []byte, seed [32]byte) (Patient, error) {
	key, err := brainpool.KeyFromSeed(seed, "pieks/virtual-card/cvc/1")
	if err != nil {
		return Patient{}, err
	}
	p := Patient{Version2: bytes.Clone(version2), GDO: serialNumber(der), SubCA: certifier.SubCA(), X509: der, Key: key, PIN: h.PIN}
	var iccsn [10]byte
	copy(iccsn[:], p.GDO[2:])
	if p.EndEntity, err = certifier.Issue(uncompressed(key), iccsn, h.NotBefore, h.NotAfter); err != nil {
		return Patient{}, fmt.Errorf("%w: %w", ErrHolder, err)
	}
	return p, nil
}

// VirtualPatient is a card with these files, whatever they say.
func VirtualPatient(p Patient) (*Virtual, error) {
	v := &Virtual{file: bytes.Clone(p.X509), tries: pinTries}
	if err := v.carry(p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHolder, err)
	}
	var err error
	if v.limits, err = ParseATR(v.atr); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHolder, err)
	}
	return v, nil
}

// CVC is the PKI of the CV certificates of this CA's eGKs: it follows from the CA's key, so that a test network's bundle needs no other.
func (ca *TestCA) CVC(now time.Time) (*cvc.TestPKI, error) {
	secret, err := scalarOf(ca.key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTestCA, err)
	}
	seed, err := hkdf.Key(sha256.New, secret, nil, "pieks/test-ca/cvc/1", 32)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTestCA, err)
	}
	return cvc.NewTestPKI([32]byte(seed), now)
}

// becomeEGK gives v, which has its certificate, all else of an eGK by the CA's own PKI.
func (v *Virtual) becomeEGK(ca *TestCA, h Holder, seed [32]byte) error {
	certifier, err := ca.CVC(h.NotBefore.Add(virtualLead))
	if err != nil {
		return err
	}
	p, err := h.patient(certifier, v.file, seed)
	if err != nil {
		return err
	}
	return v.carry(p)
}

// carry gives v the files of an eGK but for the certificate, which it has.
func (v *Virtual) carry(p Patient) error {
	if p.Key == nil || !brainpool.IsKey(p.Key) {
		return brainpool.ErrKey
	}
	if p.PIN == "" {
		p.PIN = VirtualPIN
	}
	a, err := v.newHealth(EGK, p.PIN)
	if err != nil {
		return err
	}
	a.auth = p.Key
	a.esign = []virtualFile{{fileCHAUT, a.layout.certificate, nil}}
	a.root = append(a.root,
		virtualFile{fileGDO, 0x02, bytes.Clone(p.GDO)},
		virtualFile{fileVersion2, 0x11, bytes.Clone(p.Version2)},
		virtualFile{fileCVC, 0x06, bytes.Clone(p.EndEntity)},
		virtualFile{fileSubCA, 0x07, bytes.Clone(p.SubCA)},
	)
	v.applet = a
	return nil
}

// selectAuthKey takes the one reference that an eGK has a key for: 09, with algorithm elcRoleAuthentication (popp.md 3.2). The key is the root's,
// so it is found from everywhere.
func (a *healthApplet) selectAuthKey(v *Virtual, c Command) ([]byte, uint16) {
	v.state.authSelected = bytes.Equal(c.Data, []byte{0x84, 1, 0x09, 0x80, 1, 0x00})
	if !v.state.authSelected {
		return nil, swKeyNotFound
	}
	return nil, swOK
}

// authenticate is INTERNAL AUTHENTICATE: r and s over the nonce and a zero byte, unhashed.
func (a *healthApplet) authenticate(v *Virtual, c Command) ([]byte, uint16) {
	switch {
	case a.auth == nil:
		return nil, swInstruction
	case c.P1 != 0 || c.P2 != 0:
		return nil, swWrongP1P2
	case !v.state.authSelected:
		return nil, swNoKeySelected
	case len(c.Data) != cvc.NonceLength:
		return nil, swWrongData
	case c.Ne < 64:
		return nil, swLength
	}
	r, s, err := brainpool.Sign(a.auth, append(bytes.Clone(c.Data), 0))
	if err != nil {
		return nil, swInternalFailed
	}
	return append(fixed(r), fixed(s)...), swOK
}

// fixed is a number in 32 bytes.
func fixed(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }
