package pace

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	// protocol is the contents of the OID 0.4.0.127.0.7.2.2.4.2.2, id-PACE-ECDH-GM-AES-CBC-CMAC-128.
	protocol = "\x04\x00\x7f\x00\x07\x02\x02\x04\x02\x02"
	// version of PACE, and parameters: brainpoolP256r1 (TR-03110 part 3, annex A.2.1.1).
	version    = 2
	parameters = 13
	// access is EF.CardAccess of cards of generation 2.1 (popp.md section 3.4).
	access = "\x31\x14\x30\x12\x06\x0a" + protocol + "\x02\x01\x02\x02\x01\x0d"
)

// checkAccess wants the one protocol among those of an EF.CardAccess (SecurityInfos, TR-03110 part 3, annex A.1). Cards may pad the file.
func checkAccess(file []byte) error {
	in := cryptobyte.String(file)
	var infos cryptobyte.String
	if !in.ReadASN1(&infos, asn1.SET) {
		return fmt.Errorf("%w: EF.CardAccess is damaged", ErrNotOffered)
	}
	for n := 0; !infos.Empty(); n++ {
		var info, kind cryptobyte.String
		if n == maxInfos || !infos.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&kind, asn1.OBJECT_IDENTIFIER) {
			return fmt.Errorf("%w: EF.CardAccess is damaged", ErrNotOffered)
		}
		if string(kind) != protocol {
			continue
		}
		var v, p int
		if info.ReadASN1Integer(&v) && info.ReadASN1Integer(&p) && info.Empty() && v == version && p == parameters {
			return nil
		}
	}
	return fmt.Errorf("%w: its EF.CardAccess has another protocol", ErrNotOffered)
}
