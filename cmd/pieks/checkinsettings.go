package main

import (
	"strings"
	"time"

	"pieks/node/checkin/healthid"
	"pieks/node/control"
	"pieks/node/patient"
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

// config reads the settings.
func (c *Checkins) config() (cfg patient.CheckinConfig, err error) {
	cfg = patient.CheckinConfig{GiveUp: c.GiveUp, Directory: c.VZD, SetupURL: c.HealthIDNew, Service: patient.ServiceConfig{URL: c.Service}}
	cfg.HealthID, err = c.healthID()
	return cfg, err
}
