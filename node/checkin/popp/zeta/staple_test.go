package zeta

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

var testNow = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// authority is a CA of this test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var serial int64 = 1

func issue(t testing.TB, template *x509.Certificate, by *authority) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial++
	template.SerialNumber = big.NewInt(serial)
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = testNow.AddDate(0, 0, -30), testNow.AddDate(0, 0, 60)
	}
	a := &authority{key: key}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newCA(t testing.TB, name string) *authority {
	return issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}, nil)
}

// leaf is a service's certificate; status says that it names an OCSP responder.
func (a *authority) leaf(t testing.TB, status bool) *x509.Certificate {
	c := &x509.Certificate{Subject: pkix.Name{CommonName: "popp.example"}, DNSNames: []string{"popp.example"}, KeyUsage: x509.KeyUsageDigitalSignature}
	if status {
		c.OCSPServer = []string{"http://ocsp.example"}
	}
	return c
}

// staple signs a status.
func staple(t testing.TB, issuer *x509.Certificate, by *authority, with *x509.Certificate, r ocsp.Response) []byte {
	t.Helper()
	if r.ThisUpdate.IsZero() {
		r.ThisUpdate, r.NextUpdate = testNow.Add(-time.Hour), testNow.Add(time.Hour)
	}
	r.Certificate, r.IssuerHash = with, crypto.SHA256
	der, err := ocsp.CreateResponse(issuer, by.cert, r, by.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestTLS is A_27220, each rule over a real connection.
func TestTLS(t *testing.T) {
	ca, otherCA := newCA(t, "a CA"), newCA(t, "a CA")
	good := issue(t, ca.leaf(t, true), ca)
	quiet := issue(t, ca.leaf(t, false), ca)
	must := ca.leaf(t, false)
	must.ExtraExtensions = []pkix.Extension{{Id: tlsFeature, Value: []byte{0x30, 3, 2, 1, 5}}}
	mustStaple := issue(t, must, ca)
	foreign := issue(t, otherCA.leaf(t, true), otherCA)
	named := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "x"}, DNSNames: []string{"other.example"}}, ca)
	old := issue(t, &x509.Certificate{DNSNames: []string{"popp.example"}, NotBefore: testNow.AddDate(0, -3, 0), NotAfter: testNow.Add(-time.Second)}, ca)
	young := issue(t, &x509.Certificate{DNSNames: []string{"popp.example"}, NotBefore: testNow.Add(time.Hour), NotAfter: testNow.AddDate(0, 3, 0)}, ca)
	responder := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "r"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}, ca)
	retired := issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "r"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(0, 0, -1),
	}, ca)
	fine := ocsp.Response{Status: ocsp.Good, SerialNumber: good.cert.SerialNumber}
	revoked := ocsp.Response{Status: ocsp.Revoked, SerialNumber: good.cert.SerialNumber, RevokedAt: testNow.Add(-2 * time.Hour)}
	unknown := ocsp.Response{Status: ocsp.Unknown, SerialNumber: good.cert.SerialNumber}
	dated := func(from, to time.Duration) ocsp.Response {
		r := fine
		r.ThisUpdate, r.NextUpdate = testNow.Add(from), testNow.Add(to)
		return r
	}
	broken := staple(t, ca.cert, ca, nil, fine)
	broken[len(broken)-1] ^= 1
	for name, test := range map[string]struct {
		server *authority
		staple []byte
		want   error // nil: good; errAny: any that is not one of ours
	}{
		"good":                            {good, staple(t, ca.cert, ca, nil, fine), nil},
		"good, appointed responder":       {good, staple(t, ca.cert, responder, responder.cert, fine), nil},
		"good, issuer's own certificate":  {good, staple(t, ca.cert, ca, ca.cert, fine), nil},
		"good, clock a little off":        {good, staple(t, ca.cert, ca, nil, dated(4*time.Minute, time.Hour)), nil},
		"no responder is named":           {quiet, nil, nil},
		"not stapled":                     {good, nil, ErrNoStatus},
		"must-staple, not stapled":        {mustStaple, nil, ErrNoStatus},
		"revoked":                         {good, staple(t, ca.cert, ca, nil, revoked), ErrStatus},
		"revoked, none needed":            {quiet, staple(t, ca.cert, ca, nil, revoked), ErrStatus}, // of another certificate
		"unknown":                         {good, staple(t, ca.cert, ca, nil, unknown), ErrStatus},
		"of another certificate":          {good, staple(t, ca.cert, ca, nil, ocsp.Response{Status: ocsp.Good, SerialNumber: big.NewInt(77)}), ErrStatus},
		"signed by a CA of the same name": {good, staple(t, ca.cert, otherCA, nil, fine), ErrStatus},
		"signed by another service":       {good, staple(t, ca.cert, quiet, quiet.cert, fine), ErrStatus},
		"signed by a foreign responder":   {good, staple(t, ca.cert, foreign, foreign.cert, fine), ErrStatus},
		"responder has retired":           {good, staple(t, ca.cert, retired, retired.cert, fine), ErrStatus},
		"out of date":                     {good, staple(t, ca.cert, ca, nil, dated(-3*time.Hour, -6*time.Minute)), ErrStatus},
		"from the future":                 {good, staple(t, ca.cert, ca, nil, dated(6*time.Minute, time.Hour)), ErrStatus},
		"older than ten days":             {good, staple(t, ca.cert, ca, nil, dated(-11*24*time.Hour, time.Hour)), ErrStatus},
		"damaged":                         {good, broken, ErrStatus},
		"no response":                     {good, []byte("good"), ErrStatus},
		"error response":                  {good, ocsp.UnauthorizedErrorResponse, ErrStatus},
		"too large":                       {good, make([]byte, maxStaple+1), ErrStatus},
		"another CA":                      {foreign, staple(t, otherCA.cert, otherCA, nil, fine), errAny},
		"another host":                    {named, nil, errAny},
		"expired":                         {old, nil, errAny},
		"not yet valid":                   {young, nil, errAny},
	} {
		t.Run(name, func(t *testing.T) {
			err := fetch(t, ca, test.server, test.staple)
			switch {
			case test.want == errAny:
				if err == nil || errors.Is(err, ErrStatus) || errors.Is(err, ErrNoStatus) {
					t.Fatal(err)
				}
			case !errors.Is(err, test.want):
				t.Fatalf("%v, want %v", err, test.want)
			}
		})
	}
}

var errAny = errors.New("any")

// fetch connects as Guard does, to a server that has this certificate and staple.
func fetch(t *testing.T, ca, server *authority, staple []byte) error {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{
		Certificate: [][]byte{server.cert.Raw}, PrivateKey: server.key, OCSPStaple: staple,
	}}}
	s.Config.ErrorLog = quietLog
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	config := TLS(roots, func() time.Time { return testNow })
	config.ServerName = "popp.example"
	c := HTTPClient(config)
	answer, err := c.Get(s.URL)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if strings.HasPrefix(answer.Proto, "HTTP/1.0") {
		t.Fatal(answer.Proto)
	}
	return nil
}
