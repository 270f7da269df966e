package appcall

import (
	"errors"
	"maps"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pieks/node/checkin/popp"
)

const back = "https://app.example/back"

func query(t *testing.T, raw string) url.Values {
	t.Helper()
	q, err := url.ParseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestParse(t *testing.T) { // T31
	const to = "&callBackAppURL=https://app.example/back"
	for raw, want := range map[string]Request{
		"telematikID=1-234567890" + to:                                  {TelematikID: "1-234567890", CallBack: back},
		"telematikId=1-234567890" + to:                                  {TelematikID: "1-234567890", CallBack: back},
		"TELEMATIKID=1-234567890" + to:                                  {TelematikID: "1-234567890", CallBack: back},
		"telematikId=1-2&callBackURL=" + back:                           {TelematikID: "1-2", CallBack: back},
		"telematikId=1-2&callBackMethod=" + back:                        {TelematikID: "1-2", CallBack: back},
		"telematikId=1-2&callbackmethod=" + back:                        {TelematikID: "1-2", CallBack: back},
		"telematikId=1-2&workplaceId=REZEPTION-1&loginEgk=true" + to:    {TelematikID: "1-2", Workplace: "REZEPTION-1", LoginEGK: true, CallBack: back},
		"telematikId=1-2&loginEgk=false" + to:                           {TelematikID: "1-2", CallBack: back},
		"telematikId=1-2&LOGINEGK=true" + to:                            {TelematikID: "1-2", LoginEGK: true, CallBack: back},
		"telematikId=1-2&workplaceId=&fhirVzdSearchRequest=" + to:       {TelematikID: "1-2", CallBack: back},
		"telematikId=1-2&fhirVzdSearchRequest=HealthcareService?x" + to: {TelematikID: "1-2", CallBack: back},
		"fhirVzdSearchRequest=HealthcareService%3F_text%3DMuster" + to:  {FHIRSearch: "HealthcareService?_text=Muster", CallBack: back},
		"telematikId=&fhirVzdSearchRequest=HealthcareService" + to:      {FHIRSearch: "HealthcareService", CallBack: back},
		"telematikId=1-2&utm=x&utm=y" + to:                              {TelematikID: "1-2", CallBack: back},
		"telematikId=1-2&callBackAppURL=com.example.app:/back":          {TelematikID: "1-2", CallBack: "com.example.app:/back"},
	} {
		if got, err := Parse(query(t, raw)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	many := "telematikId=1-2" + to
	for i := range maxParameters {
		many += "&x" + strings.Repeat("x", i) + "=1"
	}
	for raw, want := range map[string]error{
		"":                                         ErrNoTarget,
		to[1:]:                                     ErrNoTarget, // T31: neither
		"telematikId=" + to:                        ErrNoTarget,
		"telematikId=1_2" + to:                     popp.ErrTelematikID,
		"telematikId=1-2&telematikId=1-3" + to:     ErrTwice,
		"telematikId=1-2&telematikID=1-3" + to:     ErrTwice,
		"telematikId=1-2&telematikID=1-2" + to:     ErrTwice,
		"telematikId=1-2&telematikID=" + to:        ErrTwice,
		"telematikId=1-2&callBackURL=" + back + to: ErrTwice,
		"telematikId=1-2&loginEgk=true&loginegk=false" + to:             ErrTwice,
		"telematikId=1-2&loginEgk=1" + to:                               ErrLogin,
		"telematikId=1-2&loginEgk=True" + to:                            ErrLogin,
		"telematikId=1-2&workplaceId=a%2Fb" + to:                        popp.ErrWorkplace,
		"telematikId=1-2":                                               ErrCallBack, // A_28576: mandatory
		"telematikId=1-2&callBackAppURL=":                               ErrCallBack,
		"telematikId=1-2&callBackAppURL=http://x.example":               ErrCallBack,
		"fhirVzdSearchRequest=" + strings.Repeat("x", maxSearch+1) + to: ErrSearch,
		"fhirVzdSearchRequest=a%0D%0Ab" + to:                            ErrSearch,
		"fhirVzdSearchRequest=%FF" + to:                                 ErrSearch,
		"wor\u212aplaceId=a%2Fb&telematikId=1-2" + to:                   nil, // the Kelvin sign is no k
		many: ErrTooMany,
	} {
		if _, err := Parse(query(t, raw)); !errors.Is(err, want) {
			t.Errorf("%.80s: %v, want %v", raw, err, want)
		}
	}
}

func TestCallBack(t *testing.T) { // T31
	for _, raw := range []string{
		back, "https://app.example", "https://app.example:8443/a/b?x=1&y=a%20b", "HTTPS://app.example/", "com.example.app:/back", "com.example.app://back/to?x=1",
		"de.muster.kasse-app:/", "https://app.example/" + strings.Repeat("x", maxCallBack-20),
	} {
		if err := CheckCallBack(raw); err != nil {
			t.Errorf("%.60s: %v", raw, err)
		}
	}
	for _, raw := range []string{
		"", "app.example/back", "/back", "//app.example/back", "http://app.example/back", "javascript:alert(1)", "JavaScript:alert(1)",
		"javascript://x.example/%0aalert(1)",
		"data:text/html,x", "file:///etc/passwd", "intent://x#Intent;scheme=https;end", "blob:https://x.example/1", "about:blank", "view-source:https://x.example",
		"tel:112", "sms:112", "mailto:a@b.example", "market://details?id=x", "content://x/y", "ws://x.example", "ftp://x.example", "chrome://settings",
		"myapp:/back", "app://back",
		"com.example.app:back", "com.example.app:", "com..app:/x", ".com:/x", "com.:/x", "com.exa+mple:/x",
		"https://", "https:///back", "https:app.example", "https://:443/", "https://user@app.example/", "https://u:p@app.example/", "com.example.app://u@back",
		"https://app.example/back#part", "https://app.example/#", "https://app.example/a b", "https://app.example/\n", "\thttps://app.example",
		" https://app.example", "https://app.example\\@evil.example/",
		"https://app.exämple/", "https://app.example/\x00", "https://app.example/<x>", "https://app.example/?x=%zz", "https://app.example/?x;y",
		"https://app.example/?state=1", "https://app.example/?x=1&ID=2", "https://app.example/?message", "https://app.example/?st%61te=1",
		"https://app.example/" + strings.Repeat("x", maxCallBack), "https://[::1/", "https://a%zz/",
	} {
		if err := CheckCallBack(raw); !errors.Is(err, ErrCallBack) {
			t.Errorf("%.60q: %v", raw, err)
		}
		if got, err := Answer(raw, popp.Status{State: popp.Success}); err == nil || got != "" {
			t.Errorf("%.60q is answered: %s", raw, got)
		}
	}
}

func TestAnswer(t *testing.T) { // A_28510
	const id = "237cc7b7-f85e-42c3-981c-ad7f9d97ddca"
	for _, test := range []struct {
		back   string
		status popp.Status
		want   string
	}{
		{back, popp.Status{State: popp.Success, Message: "Check-in erfolgreich & fertig", ID: id},
			back + "?state=success&message=Check-in%20erfolgreich%20%26%20fertig&id=" + id},
		{back + "?x=1&y=a%20b", popp.Status{State: popp.Pending, ID: id}, back + "?x=1&y=a%20b&state=pending&id=" + id},
		{back + "?", popp.Status{State: popp.Canceled}, back + "?state=canceled"},
		{back + "?x&", popp.Status{State: popp.Canceled}, back + "?x&state=canceled"},
		{"com.example.app:/back", popp.Status{State: popp.Success, Message: "ä+#\n"}, "com.example.app:/back?state=success&message=%C3%A4%2B%23%0A"},
		{back, popp.Status{State: popp.Success, Message: "für X110540756 fertig"}, back + "?state=success"},
		{back, popp.Status{State: popp.Success, Message: "x110540756"}, back + "?state=success"},
	} {
		if got, err := Answer(test.back, test.status); err != nil || got != test.want {
			t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
		}
	}
	for _, s := range []popp.Status{{}, {State: "done"}, {State: popp.Success, ID: "X110540756"}} {
		if got, err := Answer(back, s); err == nil {
			t.Errorf("%v is answered: %s", s, got)
		}
	}
	long, err := Answer(back, popp.Status{State: popp.Success, Message: strings.Repeat("ä", 1000)})
	if err != nil || len(long) > len(back)+6*maxMessage+40 {
		t.Errorf("%d bytes, %v", len(long), err)
	}
}

// TestAnswerAdds: whatever an address had is still there, as it was, and the three besides.
func TestAnswerAdds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		had := url.Values(rapid.MapOf(rapid.StringMatching(`[a-z]{1,8}`), rapid.SliceOfN(rapid.String(), 1, 2)).Draw(t, "had"))
		raw := rapid.SampledFrom([]string{back, "com.example.app:/x", "com.example.app://host"}).Draw(t, "base")
		if len(had) > 0 {
			raw += "?" + had.Encode()
		}
		if CheckCallBack(raw) != nil {
			t.Skip("too long, or has one of ours")
		}
		s := popp.Status{State: popp.Pending, Message: rapid.StringN(0, 100, -1).Draw(t, "message")}
		got, err := Answer(raw, s)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(got)
		if err != nil || !strings.HasPrefix(got, raw) {
			t.Fatalf("%s became %s, %v", raw, got, err)
		}
		want := maps.Clone(had)
		if want == nil {
			want = url.Values{}
		}
		want.Set("state", "pending")
		if s.Message != "" && !hasKVNR([]rune(s.Message)) {
			want.Set("message", s.Message)
		}
		if !reflect.DeepEqual(u.Query(), want) {
			t.Fatalf("%s has %v, want %v", got, u.Query(), want)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("telematikId=1-2&callBackAppURL=https://app.example/back&loginEgk=true")
	f.Add("fhirVzdSearchRequest=HealthcareService&callBackURL=com.example.app:/x")
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		r, err := Parse(q)
		if err != nil {
			return
		}
		if (r.TelematikID == "") == (r.FHIRSearch == "") {
			t.Fatalf("%q leads to both or nowhere", raw)
		}
		got, err := Answer(r.CallBack, popp.Status{State: popp.Success})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(got)
		if err != nil || u.Query().Get("state") != "success" || u.Scheme == "http" || u.User != nil {
			t.Fatalf("%q is answered at %s", raw, got)
		}
	})
}
