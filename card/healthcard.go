package card

import (
	"bytes"
	"context"
	"fmt"
)

// layout is where a kind of card keeps what Pieks uses.
type layout struct {
	kind        Kind
	root        []byte // application identifier of the master file: what tells the kinds apart
	application []byte // application with certificate and key
	certificate byte   // short file identifier
	key         byte   // key reference for MSE SET, with the bit of a key inside the application; 0: no key that signs here
	algorithm   byte   // algorithm reference for MSE SET
	pin         byte   // password reference
}

// layouts of the health cards that Open knows: crypto.md 5.5, gemSpec_HBA_ObjSys, gemSpec_SMC-B_ObjSys and gemSpec_eGK_ObjSys G2.1.
// HBA and SMC-B: EF.C.HP.AUT.E256 or EF.C.HCI.AUT.E256 (FID C506), PrK.HP.AUT.E256 or PrK.HCI.AUT.E256 (signECDSA), PIN.CH or PIN.SMC.
// eGK: EF.C.CH.AUT.E256 (FID C504), PIN.CH.
var layouts = []layout{
	{SMCB, []byte("\xd2\x76\x00\x01\x46\x06"), applicationESIGN, 0x06, 0x86, 0x00, 0x01},
	{HBA, []byte("\xd2\x76\x00\x01\x46\x01"), applicationESIGN, 0x06, 0x86, 0x00, 0x01},
	{EGK, []byte("\xd2\x76\x00\x01\x44\x80\x00"), applicationESIGN, 0x04, 0, 0, 0x01},
}

var applicationESIGN = []byte("\xa0\x00\x00\x01\x67\x45\x53\x49\x47\x4e") // DF.ESIGN

// HealthCard drives an HBA, an SMC-B or an eGK. It needs the contact interface: contactless ones ask for PACE first.
type HealthCard struct {
	*transport
	layout layout
}

var _ Card = (*HealthCard)(nil)

func openHealth(ctx context.Context, t *transport) (Card, error) {
	for _, l := range layouts {
		_, err := t.send(ctx, "select its root", selectApplication(l.root))
		if _, refused := refusal(err); refused {
			continue
		}
		if err != nil {
			return nil, err
		}
		h := &HealthCard{transport: t, layout: l}
		if err := h.selectApplication(ctx); err != nil {
			return nil, opening(err)
		}
		return h, nil
	}
	return nil, errOtherCard
}

// Kind says which layout was found.
func (h *HealthCard) Kind() Kind { return h.layout.kind }

// Certificate reads the authentication certificate: first chunk by short file identifier, the rest by offset.
func (h *HealthCard) Certificate(ctx context.Context) ([]byte, error) {
	if err := h.selectApplication(ctx); err != nil {
		return nil, err
	}
	data, err := h.readCertificate(ctx, Command{P1: 0x80 | h.layout.certificate})
	if sw, refused := refusal(err); refused && sw == swSecurity {
		return nil, ErrContactless // contacts need no right for this (popp.md 3.4)
	}
	return data, err
}

// readCertificate reads a file that begins with a certificate, up to the certificate's end; cards pad their files.
func (t *transport) readCertificate(ctx context.Context, first Command) ([]byte, error) {
	const doing = "read its certificate"
	size := 0
	data, err := t.readBinary(ctx, doing, first, func(data []byte) (bool, error) {
		head, body, err := readLength(data)
		if size = head + body; err != nil || size > maxCertificate {
			return false, fmt.Errorf("%s: %w: no certificate there", doing, ErrResponse)
		}
		return len(data) >= size, nil
	})
	if err != nil {
		return nil, err
	}
	if len(data) < size {
		return nil, fmt.Errorf("%s: %w: it is cut", doing, ErrResponse)
	}
	return bytes.Clone(data[:size]), nil
}

// PINTries asks with GET PIN STATUS (gemSpec_COS 14.6.4).
func (h *HealthCard) PINTries(ctx context.Context) (int, error) {
	return h.askTries(ctx, Command{CLA: 0x80, INS: insVerify, P2: h.layout.pin})
}

// VerifyPIN sends VERIFY once (gemSpec_COS 14.6.6).
func (h *HealthCard) VerifyPIN(ctx context.Context, pin PIN) error {
	if h.layout.key == 0 {
		return ErrNoSigning
	}
	block, err := pin.block()
	if err != nil {
		return err
	}
	return h.presentPIN(ctx, h.layout.pin, block[:])
}

// SignDigest selects the key (MSE SET) and lets it sign (PSO COMPUTE DIGITAL SIGNATURE), gemSpec_COS 14.8.2 and 14.9.9.
func (h *HealthCard) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	if h.layout.key == 0 {
		return nil, ErrNoSigning
	}
	if err := h.selectApplication(ctx); err != nil {
		return nil, err
	}
	return h.computeSignature(ctx, []byte{0x84, 1, h.layout.key, 0x80, 1, h.layout.algorithm}, digest)
}

// selectApplication comes before each use: another program may have selected something else since.
func (h *HealthCard) selectApplication(ctx context.Context) error {
	_, err := h.send(ctx, "open its signing application", selectApplication(h.layout.application))
	return err
}
