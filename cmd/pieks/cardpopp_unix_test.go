//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pieks/card"
	"pieks/card/cvc"
	"pieks/card/egk"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/service"
)

func TestReadCardScript(t *testing.T) {
	p := &poppDouble{}
	cardScript(t, "readcard", p.command)
}

// poppDouble is a double of a PoPP service for a script.
type poppDouble struct {
	service *service.Service
	key     *ecdsa.PrivateKey
}

// command is `popp serve FOLDER KEYFILE`, which serves a double at $POPP that trusts the cards of a folder, and makes a practice's key; and
// `popp admit CODE`, which has it know the practice of a check-in code by that key.
func (p *poppDouble) command(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) == 3 && args[0] == "serve":
		p.serve(ts, args[1], args[2])
	case !neg && len(args) == 2 && args[0] == "admit":
		q, err := popp.ParseQR([]byte(args[1]))
		ts.Check(err)
		ts.Check(p.service.Add(service.Practice{TelematikID: q.TelematikID, Profession: "1.2.276.0.76.4.50", Key: &p.key.PublicKey}))
	default:
		ts.Fatalf("usage: popp serve FOLDER KEYFILE | popp admit CODE")
	}
}

func (p *poppDouble) serve(ts *testscript.TestScript, folder, keyFile string) {
	cas, err := certificatesIn([]byte(ts.ReadFile(folder + "/ca.pem")))
	ts.Check(err)
	root, err := cvc.Parse([]byte(ts.ReadFile(folder + "/root.cvc")))
	ts.Check(err)
	p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	ts.Check(err)
	ts.Check(writeWhole(ts.MkAbs(keyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	url := "http://" + listener.Addr().String()
	p.service, err = service.New(service.Config{
		Issuer: url, TakeUnknown: true, Trust: egk.Trust{Roots: card.Roots{CAs: cas}, CVC: []*cvc.Certificate{root}, Pairs: &egk.PairList{}},
	})
	ts.Check(err)
	server := p.service.Server()
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(listener) })
	ts.Defer(func() { _ = server.Close(); served.Wait() })
	ts.Setenv("POPP", url)
}

func TestParseKey(t *testing.T) {
	encode := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err1 := x509.MarshalECPrivateKey(key)
	pkcs8, err2 := x509.MarshalPKCS8PrivateKey(key)
	for name, good := range map[string][]byte{"SEC 1": encode("EC PRIVATE KEY", sec1, err1), "PKCS #8": encode("PRIVATE KEY", pkcs8, err2)} {
		if got, err := parseKey(good); err != nil || !got.Equal(key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong1, err1 := x509.MarshalECPrivateKey(other)
	wrong8, err2 := x509.MarshalPKCS8PrivateKey(other)
	for name, bad := range map[string][]byte{
		"nothing": nil, "no PEM": []byte("key"), "P-384": encode("EC PRIVATE KEY", wrong1, err1), "P-384 in PKCS #8": encode("PRIVATE KEY", wrong8, err2),
		"no key": encode("PRIVATE KEY", []byte{1}, nil),
	} {
		if _, err := parseKey(bad); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
