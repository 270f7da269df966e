package service

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"pieks/node/checkin/jose"
)

// proof is a proof of possession (RFC 9449 section 4) that was read; nothing in it is believed but that its key signed it.
type proof struct {
	key                           string // thumbprint
	number, method, address, hash string
	made                          time.Time
}

// readProof reads one.
func readProof(compact string) (proof, error) {
	m, err := jose.Parse(compact, maxJWT)
	if err != nil || m.Type != "dpop+jwt" || m.Algorithm != jose.ES256 {
		return proof{}, invalidProof
	}
	key, err := jose.ParseKey(m.Header["jwk"])
	if err != nil || m.Verify(key) != nil {
		return proof{}, invalidProof
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return proof{}, invalidProof
	}
	p := proof{key: key.Thumbprint()}
	for name, to := range map[string]*string{"jti": &p.number, "htm": &p.method, "htu": &p.address} {
		if *to, err = o.Text(name); err != nil || *to == "" {
			return proof{}, invalidProof
		}
	}
	if p.hash, err = o.OptionalText("ath"); err != nil {
		return proof{}, invalidProof
	}
	made, err := o.Integer("iat")
	if err != nil {
		return proof{}, invalidProof
	}
	p.made = time.Unix(made, 0)
	return p, nil
}

// fits says whether a proof is for this request, now; access is the token that comes with it, "" at the token endpoint.
func (p proof) fits(method, address, access string, now time.Time) bool {
	hash := ""
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		hash = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return p.method == method && p.address == address && p.hash == hash && now.Sub(p.made).Abs() <= clockSlack
}

// prove checks the proof that came with a request. "" without an error means that there is none.
func (s *Service) prove(r *http.Request, access string) (key string, err error) {
	values := r.Header.Values("DPoP")
	switch len(values) {
	case 0:
		return "", nil
	case 1:
	default:
		return "", invalidProof
	}
	p, err := readProof(values[0])
	if err != nil {
		return "", err
	}
	now := s.c.Now()
	if !p.fits(r.Method, s.c.Issuer+r.URL.Path, access, now) {
		return "", invalidProof
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.used("proof "+p.key+" "+p.number, now.Add(2*clockSlack), now) {
		return "", invalidProof
	}
	return p.key, nil
}

// enter is what the guard lets through to the service: the session of an access token that is good, with its proof if it is bound to a key.
func (s *Service) enter(r *http.Request) (session, error) {
	scheme, access, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok {
		return session{}, unauthorized
	}
	s.lock.Lock()
	found, ok := s.sessions[access]
	s.lock.Unlock()
	if !ok || s.c.Now().After(found.until) {
		return session{}, unauthorized
	}
	if found.key == "" {
		if !strings.EqualFold(scheme, "Bearer") {
			return session{}, unauthorized
		}
		return found, nil
	}
	key, err := s.prove(r, access)
	if err != nil || key != found.key || !strings.EqualFold(scheme, "DPoP") {
		return session{}, unauthorized
	}
	return found, nil
}
