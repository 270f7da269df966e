package testidp

import (
	"net/http"
	"time"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/healthid"
	"pieks/node/checkin/jose"
)

// metadata is what both forms of discovery say.
func (i *IDP) metadata() map[string]any {
	return map[string]any{
		"issuer": i.Issuer, "organization_name": i.Name,
		"authorization_endpoint": i.Issuer + "/authorize", "token_endpoint": i.Issuer + "/token",
		"pushed_authorization_request_endpoint": i.Issuer + "/par", "require_pushed_authorization_requests": true,
		"scopes_supported": []string{"openid", "urn:telematik:versicherter"}, "response_types_supported": []string{"code"},
		"acr_values_supported":                  []string{healthid.LevelHigh, healthid.LevelSubstantial},
		"code_challenge_methods_supported":      []string{"S256"},
		"id_token_signing_alg_values_supported": []string{jose.ES256},
		"token_endpoint_auth_methods_supported": []string{"none"},
	}
}

func (i *IDP) configuration(w http.ResponseWriter, _ *http.Request) {
	all := i.metadata()
	all["jwks_uri"] = i.Issuer + "/jwks"
	reply(w, http.StatusOK, all)
}

func (i *IDP) jwks(w http.ResponseWriter, _ *http.Request) {
	_, public := i.current()
	reply(w, http.StatusOK, jose.NewSet(public))
}

func (i *IDP) statement(w http.ResponseWriter, _ *http.Request) {
	provider := i.metadata()
	provider["signed_jwks_uri"] = i.Issuer + "/.well-known/signed-jwks"
	i.signed(w, federation.TypeStatement, map[string]any{
		"iss": i.Issuer, "sub": i.Issuer, "jwks": jose.NewSet(jose.Key{P256: &i.entity.PublicKey}), "authority_hints": []string{i.Issuer},
		"metadata": map[string]any{"openid_provider": provider, "federation_entity": map[string]string{"name": i.Name}},
	})
}

func (i *IDP) signedKeys(w http.ResponseWriter, _ *http.Request) {
	_, public := i.current()
	i.signed(w, federation.TypeKeys, map[string]any{"iss": i.Issuer, "keys": []jose.Key{public}})
}

func (i *IDP) list(w http.ResponseWriter, _ *http.Request) {
	i.signed(w, healthid.TypeList, map[string]any{"iss": i.Issuer, "idp_entity": []any{map[string]any{
		"iss": i.Issuer, "organization_name": i.Name, "logo_uri": i.Issuer + "/logo", "user_type_supported": "IP", "pkv": false,
	}}})
}

func (i *IDP) signed(w http.ResponseWriter, typ string, claims map[string]any) {
	claims["iat"], claims["exp"] = i.Now().Unix(), i.Now().Add(24*time.Hour).Unix()
	jws, err := federation.Sign(i.entity, typ, claims)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/"+typ)
	_, _ = w.Write([]byte(jws)) // whoever asked is gone
}
