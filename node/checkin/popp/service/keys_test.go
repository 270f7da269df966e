package service_test

import (
	"io"
	"net/http"
	"testing"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp/client"
)

// TestStatements: entity statement and key set are signed, and lead to the key of the tokens (popp.md 1.5). Both say what this is.
func TestStatements(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	statement := fetch(t, w.url+"/.well-known/openid-federation", "entity-statement+jwt")
	o, err := jose.ParseObject(statement.Payload)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := o.Object("jwks")
	if err != nil {
		t.Fatal(err)
	}
	set, err := jose.SetOf(keys)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := set.Key(statement.KeyID)
	if !ok || statement.Verify(key) != nil {
		t.Fatal("not signed by its own key")
	}
	metadata, err := o.Object("metadata")
	if err != nil {
		t.Fatal(err)
	}
	entity, err := metadata.Object("federation_entity")
	if err != nil {
		t.Fatal(err)
	}
	if name, err := entity.Text("organization_name"); err != nil || name != "Pieks TEST-ONLY double of a PoPP service" {
		t.Fatal(name, err)
	}
	resource, err := metadata.Object("oauth_resource")
	if err != nil {
		t.Fatal(err)
	}
	where, err := resource.Text("signed_jwks_uri")
	if err != nil {
		t.Fatal(err)
	}
	signed := fetch(t, where, "jwk-set+jwt")
	if signed.Verify(key) != nil {
		t.Fatal("the key set is signed by another key")
	}
	if o, err = jose.ParseObject(signed.Payload); err != nil {
		t.Fatal(err)
	}
	if set, err = jose.SetOf(o); err != nil || len(set.Keys()) != 1 {
		t.Fatal(err)
	}
}

func fetch(t *testing.T, address, kind string) *jose.Message {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil || answer.Header.Get("Server") != "pieks-popp-double TEST-ONLY" || answer.Header.Get("Content-Type") != "application/"+kind {
		t.Fatal(answer.Header, err)
	}
	m, err := jose.Parse(string(raw), 1<<14)
	if err != nil || m.Type != kind || m.Algorithm != jose.ES256 {
		t.Fatal(err)
	}
	return m
}
