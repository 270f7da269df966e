package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"time"

	"pieks/node/checkin/healthid"
	"pieks/node/control"
	"pieks/node/patient"
	"pieks/node/practice"
)

// Checkins are the settings of a patient's check-ins beyond the mesh. Without them nobody outside of the network is asked for anything.
type Checkins struct {
	GiveUp      time.Duration `help:"How long a check-in waits for a practice that is away, at most seven days." default:"72h" placeholder:"DURATION"`
	Service     string        `name:"popp-service" help:"PoPP service for institutions that are not in the network, https; left out, there is none." placeholder:"URL"`
	VZD         string        `name:"vzd" help:"Search address of the directory service of the Telematikinfrastruktur (FHIR-VZD), https; left out, it is not asked." placeholder:"URL"`
	HealthIDNew string        `name:"healthid-setup" help:"Where an insurer sets a GesundheitsID up, for who has none." placeholder:"URL"`
	Insurers
}

// Insurers are the identity providers of the GesundheitsID. A practice that has none takes the card only.
type Insurers struct {
	IDPList   string   `name:"idp-list" help:"Federation list of the insurers' identity providers, for the GesundheitsID." placeholder:"URL"`
	IDP       []string `name:"idp" sep:"none" help:"An identity provider by name: NAME=URL; may be repeated, in place of a list." placeholder:"NAME=URL"`
	IDPClient string   `name:"idp-client-id" help:"The client id of Pieks at the identity providers, the same for patients and practices." placeholder:"ID"`
}

// healthID reads the settings.
func (c *Insurers) healthID() (healthid.Config, error) {
	cfg := healthid.Config{List: c.IDPList, ClientID: c.IDPClient}
	for _, text := range c.IDP {
		name, issuer, ok := strings.Cut(text, "=")
		if !ok || name == "" || issuer == "" {
			return cfg, usagef("--idp is NAME=URL, such as --idp 'Test insurer=https://idp.example'.")
		}
		cfg.Providers = append(cfg.Providers, control.Insurer{ID: issuer, Name: name})
	}
	if (c.IDPList != "" || len(c.IDP) > 0) && c.IDPClient == "" {
		return cfg, usagef("--idp-client-id is needed with --idp-list and --idp.")
	}
	return cfg, nil
}

// Delivery is the PoPP service that brings a practice check-ins from outside of the mesh.
type Delivery struct {
	Service string `name:"popp-service" help:"PoPP service through which patients check in here, too, https; left out, there is none." placeholder:"URL"`
	Key     string `name:"popp-key" type:"path" help:"File with the private key (PEM, P-256) by which the service knows this practice." placeholder:"FILE"`
}

// maxKeyFile: a P-256 key has 250 bytes in PEM.
const maxKeyFile = 4 << 10

// service reads the settings.
func (c *Delivery) service() (cfg practice.ServiceConfig, err error) {
	if (c.Service == "") != (c.Key == "") {
		return cfg, usagef("--popp-service and --popp-key go together: the service knows the practice by its key.")
	}
	if c.Service == "" {
		return cfg, nil
	}
	data, err := readAtMost(c.Key, maxKeyFile)
	if err != nil {
		return cfg, err
	}
	cfg.URL = c.Service
	if cfg.Key, err = parseKey(data); err != nil {
		return cfg, usagef("%s holds no P-256 key as PEM: make one with 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256'.", c.Key)
	}
	return cfg, nil
}

var errKey = errors.New("no P-256 key")

func parseKey(data []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errKey
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil && key.Curve == elliptic.P256() {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if key, ok := parsed.(*ecdsa.PrivateKey); err == nil && ok && key.Curve == elliptic.P256() {
		return key, nil
	}
	return nil, errKey
}

// config reads the settings.
func (c *Checkins) config() (cfg patient.CheckinConfig, err error) {
	cfg = patient.CheckinConfig{GiveUp: c.GiveUp, Directory: c.VZD, SetupURL: c.HealthIDNew, Service: patient.ServiceConfig{URL: c.Service}}
	cfg.HealthID, err = c.healthID()
	return cfg, err
}
