package popp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pieks/node/checkin/jose"
)

// The vector of popp.md 1.6: made for these facts with the public example key of RFC 7515 appendix A.3; patient and institution are test
// identities of gematik (sample code, Apache-2.0).
const (
	vectorJWK = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	vectorKID = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
	// vectorPrivate is d of the same example.
	vectorPrivate = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
	vectorToken   = "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9LSXl3dkdVcFRWVHl4TVEzYndJSWVRVXVkZnJfQ2tMTWpDRTE5RUNELVUiLCJ0eXAiOiJ2bmQudGVsZW1hdGlrLnBvcHArand0In0" +
		".eyJ2ZXJzaW9uIjoiMS4wLjAiLCJpc3MiOiJodHRwczovL3BvcHAuZXhhbXBsZS5jb20iLCJpYXQiOjE3NjczNDA4MDEsInByb29mTWV0aG9kIjoiZWhjLXByb3ZpZGVyLWN2Y" +
		"y1hdXRoZW50aWNhdGVkIiwicGF0aWVudFByb29mVGltZSI6MTc2NzM0MDgwMCwicGF0aWVudElkIjoiWDExMDU0MDc1NiIsImluc3VyZXJJZCI6IjEwOTUwMDk2OSIsImFjdG9y" +
		"SWQiOiIxLVNNQy1CLVRlc3RrYXJ0ZS04ODMxMTAwMDAxNjg2NTAiLCJhY3RvclByb2Zlc3Npb25PaWQiOiIxLjIuMjc2LjAuNzYuNC41MCJ9" +
		".MRuivNdEV8ooIhrHEwNNkDJguvScX0AbkhCL88EmvMO5eB5ynM5Sp_Nt--vW353x0SV-U_fZiuBLjBzt_ASg3Q"
)

var (
	vectorClaims = Claims{
		Version: "1.0.0", Issuer: "https://popp.example.com", IssuedAt: 1767340801, ProofMethod: ProofProviderCVC, PatientProofTime: 1767340800,
		PatientID: "X110540756", InsurerID: "109500969", ActorID: "1-SMC-B-Testkarte-883110000168650", ActorProfessionOID: "1.2.276.0.76.4.50",
	}
	vectorTime = time.Date(2026, 1, 2, 8, 0, 1, 0, time.UTC)
)

func vectorKeys(t testing.TB) *KeySet {
	t.Helper()
	keys, err := ParseKeySet([]byte(`{"keys":[` + vectorJWK + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func vectorKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	d, err := base64.RawURLEncoding.DecodeString(vectorPrivate)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signed is a PoPP token by the example key over any payload.
func signed(t testing.TB, payload []byte) string {
	t.Helper()
	token, err := jose.SignES256(vectorKey(t), jose.Header{KeyID: vectorKID, Type: TypePoPP}, payload)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// with gives the payload of the vector with members changed; nil removes one.
func with(t testing.TB, changes map[string]any) []byte {
	t.Helper()
	data, err := json.Marshal(vectorClaims)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	if data, err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	return data
}
