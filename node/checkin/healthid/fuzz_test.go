package healthid

import (
	"encoding/json"
	"testing"
	"time"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

func FuzzIDToken(f *testing.F) {
	f.Add([]byte(`{"iss":"https://idp.example","aud":"c","exp":1778846460,"iat":1778846400,"nonce":"n","acr":"gematik-ehealth-loa-high","amr":["x"],` +
		`"urn:telematik:claims:id":"X110639491","urn:telematik:claims:organization":"109500969"}`))
	w := wanted{"https://idp.example", "c", "n", time.Unix(1778846400, 0), time.Time{}}
	f.Fuzz(func(t *testing.T, payload []byte) {
		o, err := jose.ParseObject(payload)
		if err != nil {
			return
		}
		who, err := personOf(o, w)
		if err != nil {
			return
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		if claims["nonce"] != "n" || claims["iss"] != w.issuer || popp.KVNR(who.KVNR).CheckForm() != nil || who.Authenticated.After(w.now.Add(leeway)) {
			t.Fatalf("%s is taken", payload)
		}
	})
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte(`{"idp_entity":[{"iss":"https://idp.example","organization_name":"Kasse","user_type_supported":["IP"]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := jose.ParseObject(text)
		if err != nil {
			return
		}
		listed, err := parseList(o)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, one := range listed {
			if checkInsurer(one) != nil || seen[one.ID] {
				t.Fatalf("%+v is listed", one)
			}
			seen[one.ID] = true
		}
	})
}
