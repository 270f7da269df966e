package healthid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/healthid"
	"pieks/node/checkin/jose"
	"pieks/node/control"
)

// TestDiscovery: a provider that publishes something wrong is not used, and a bad statement is no reason to believe the unsigned configuration.
func TestDiscovery(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(map[string]any) {
		return func(all map[string]any) { all[name] = value }
	}
	same := func(map[string]any) {}
	now := time.Date(2026, 5, 15, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		federated bool
		change    func(map[string]any) // of the metadata
		typ       string
		want      error
	}{
		"federated":                 {true, same, federation.TypeStatement, federation.ErrUnreachable}, // all is well but for the push
		"configured":                {false, same, "", federation.ErrUnreachable},
		"statement of another type": {true, same, "JWT", federation.ErrType},
		"issuer of the statement":   {true, set("issuer", "https://other.example"), federation.TypeStatement, federation.ErrIssuer},
		"issuer":                    {false, set("issuer", "https://other.example"), "", federation.ErrIssuer},
		"no push":                   {false, set("pushed_authorization_request_endpoint", nil), "", jose.ErrMember},
		"push without TLS":          {false, set("pushed_authorization_request_endpoint", "http://other.example/par"), "", federation.ErrAddress},
		"page is a script":          {false, set("authorization_endpoint", "javascript:alert(1)"), "", federation.ErrAddress},
		"token without TLS":         {true, set("token_endpoint", "http://other.example/token"), federation.TypeStatement, federation.ErrAddress},
		"keys elsewhere":            {false, set("jwks_uri", "https://other.example/jwks"), "", federation.ErrOtherHost},
		"signed keys elsewhere":     {true, set("signed_jwks_uri", "https://other.example/jwks"), federation.TypeStatement, federation.ErrOtherHost},
		"signed keys are not there": {true, func(all map[string]any) { all["signed_jwks_uri"] = all["issuer"].(string) + "/none" }, federation.TypeStatement,
			federation.ErrStatement},
		"signed keys are not signed": {true, func(all map[string]any) { all["signed_jwks_uri"] = all["issuer"].(string) + "/jwks" }, federation.TypeStatement,
			jose.ErrCompact},
		"keys are not a set":           {false, func(all map[string]any) { all["jwks_uri"] = all["issuer"].(string) + "/list" }, "", jose.ErrKeySet},
		"nothing at the keys' address": {false, func(all map[string]any) { all["jwks_uri"] = all["issuer"].(string) + "/none" }, "", federation.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			var server *httptest.Server
			metadata := func() map[string]any {
				all := map[string]any{
					"issuer": server.URL, "authorization_endpoint": "https://127.0.0.1:1/auth", "token_endpoint": "https://127.0.0.1:1/token",
					"pushed_authorization_request_endpoint": "https://127.0.0.1:1/par", "jwks_uri": server.URL + "/jwks", "signed_jwks_uri": server.URL + "/signed",
				}
				test.change(all)
				return all
			}
			keys := jose.NewSet(jose.Key{P256: &key.PublicKey})
			write := func(w http.ResponseWriter, data []byte, err error) {
				if err != nil {
					t.Error(err)
				}
				_, _ = w.Write(data)
			}
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == federation.WellKnown && test.federated:
					jws, err := federation.Sign(key, test.typ, map[string]any{
						"iss": server.URL, "sub": server.URL, "iat": now.Unix(), "exp": now.Unix() + 60, "jwks": keys,
						"metadata": map[string]any{"openid_provider": metadata()},
					})
					write(w, []byte(jws), err)
				case r.URL.Path == "/signed":
					jws, err := federation.Sign(key, federation.TypeKeys, map[string]any{"keys": keys.Keys()})
					write(w, []byte(jws), err)
				case r.URL.Path == "/.well-known/openid-configuration":
					data, err := json.Marshal(metadata())
					write(w, data, err)
				case r.URL.Path == "/jwks":
					data, err := json.Marshal(keys)
					write(w, data, err)
				case r.URL.Path == "/list":
					write(w, []byte("[]"), nil)
				default:
					http.NotFound(w, r)
				}
			}))
			defer server.Close()
			c, err := healthid.New(healthid.Config{
				Providers: []control.Insurer{{ID: server.URL, Name: "Kasse"}}, ClientID: clientID, Now: func() time.Time { return now },
			})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time the trouble is remembered
				if _, _, err := c.Begin(t.Context(), server.URL, redirect, nonce); !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
			}
		})
	}
}
