package main

import (
	"context"

	"pieks/node/practice"
)

// PracticeCmd runs a practice; it has commands that speak with one, too.
type PracticeCmd struct {
	Run PracticeRunCmd `cmd:"" default:"withargs" help:"Run the node of a practice: what 'pieks practice' does."`
	QR  PracticeQRCmd  `cmd:"" name:"qr" help:"Show the check-in code of a workplace, or write it to a file."`

	Listing  PracticeListingCmd  `cmd:"" help:"Enter the directory in which patients find the practice, or leave it."`
	Arrivals PracticeArrivalsCmd `cmd:"" help:"List who has checked in."`
	Token    PracticeTokenCmd    `cmd:"" help:"Show the token of an arrival, or write it to a file, for other programs."`
	Keys     PracticeKeysCmd     `cmd:"" help:"Show the keys that verify this practice's presence tokens, or write them to a file."`
	ReadCard PracticeReadCardCmd `cmd:"" name:"read-card" help:"Check a patient in whose card is in a reader here, through the PoPP service."`
}

// PracticeRunCmd runs a practice.
type PracticeRunCmd struct {
	Node
	Name        string   `help:"Name of the practice." placeholder:"NAME"`
	Street      string   `help:"Street and number." placeholder:"STREET"`
	PLZ         string   `name:"plz" help:"Postcode of the practice." placeholder:"PLZ" env:"PIEKS_PRACTICE_PLZ"`
	Phone       string   `help:"Phone number." placeholder:"NUMBER"`
	Directions  string   `help:"How to find the way in." placeholder:"TEXT"`
	HolePunch   bool     `help:"Let patients find a direct way here, which shows IP addresses to both sides."`
	MDNS        bool     `name:"mdns" help:"Announce the desk on the local network."`
	Listen      []string `help:"Multiaddrs of the desk; left out, any free port." placeholder:"ADDR"`
	FrontListen []string `hidden:""`
	Insurers
	Delivery
}

func (PracticeCmd) Help() string {
	return `'pieks practice run --help' lists the flags of a practice's node. The first start makes the home. The data of the practice are given here, with 'pieks details set' or in the app; without them it shows nothing. They reach a patient only with an offer, signed by the practice's card. In a TEST network the practice enrols itself with a virtual card.

    pieks practice --home P1 --network NET/network.cbor --name "Praxis Dr. Beispiel" --street "Domstr. 1" --plz 50667 --phone "0221 1234"
    pieks practice --home P1                        from the second start on`
}

func (PracticeRunCmd) Help() string { return PracticeCmd{}.Help() }

func (c *PracticeRunCmd) Run(ctx context.Context, a *app) error {
	if err := checkPLZ(c.PLZ); err != nil {
		return err
	}
	dir, err := a.home(practiceRole)
	if err != nil {
		return err
	}
	logins, err := c.healthID()
	if err != nil {
		return err
	}
	service, err := c.service()
	if err != nil {
		return err
	}
	return a.run(ctx, practiceRole, dir, c.Node, func(ctx context.Context, o starting) (node, error) {
		return practice.Start(ctx, practice.Config{
			Home: dir, Network: c.Network, Secret: o.secret, Listen: c.Listen, FrontListen: c.FrontListen, MDNS: c.MDNS, HolePunch: c.HolePunch,
			Details:  practice.Details{Name: c.Name, Street: c.Street, PLZ: c.PLZ, Phone: c.Phone, Directions: c.Directions},
			HealthID: logins, Service: service, Log: a.log(), Stop: o.stop,
			Show: func(n *practice.Node) (func() error, error) { return o.show(n) },
		})
	})
}
