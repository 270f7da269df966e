package testidp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"pieks/node/checkin/healthid"
	"pieks/node/checkin/jose"
)

// token redeems a code, once: also a wrong verifier uses it up.
func (i *IDP) token(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("grant_type") != "authorization_code" {
		refuse(w, "unsupported_grant_type")
		return
	}
	code := r.PostFormValue("code")
	i.mu.Lock()
	g, ok := i.codes[code]
	delete(i.codes, code)
	i.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || !i.Now().Before(g.until) || g.client != r.PostFormValue("client_id") || g.redirect != r.PostFormValue("redirect_uri") ||
		g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
		refuse(w, "invalid_grant")
		return
	}
	idToken, err := i.IDToken(g.who, g.client, g.nonce)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	reply(w, http.StatusOK, map[string]any{"access_token": random(), "token_type": "Bearer", "expires_in": int(tokenTime.Seconds()), "id_token": idToken})
}

// IDToken makes one as the token endpoint would, for tests of a practice's side alone.
func (i *IDP) IDToken(who Insured, client, nonce string) (string, error) {
	now := i.Now()
	claims := map[string]any{
		"iss": i.Issuer, "aud": client, "sub": random(), "nonce": nonce, "iat": now.Unix(), "auth_time": now.Unix(), "exp": now.Add(tokenTime).Unix(),
		"acr": healthid.LevelHigh, "amr": []string{"urn:telematik:auth:eGK"},
		healthid.ClaimKVNR: who.KVNR, healthid.ClaimIK: who.IK,
	}
	if i.Change != nil {
		i.Change(claims)
		for name, value := range claims {
			if value == nil {
				delete(claims, name)
			}
		}
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	key, public := i.current()
	return jose.SignES256(key, jose.Header{KeyID: public.ID, Type: "JWT"}, payload)
}
