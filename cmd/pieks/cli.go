package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// CLI is the grammar. Each command is in the file of its theme.
type CLI struct {
	Globals

	Practice PracticeCmd `cmd:"" group:"nodes" help:"Run the node of a practice."`
	Patient  PatientCmd  `cmd:"" group:"nodes" help:"Run the node of a patient, or of a relative who books for them."`
	Relay    RelayCmd    `cmd:"" group:"nodes" help:"Run a relay, which carries what it cannot read."`
	Demo     DemoCmd     `cmd:"" group:"nodes" help:"Show it all on this computer: 2 relays, 3 practices, 6 patients."`
	Open     OpenCmd     `cmd:"" group:"nodes" help:"Open the app of a running node in the browser."`
	Stop     StopCmd     `cmd:"" group:"nodes" help:"Stop the running node of a home."`

	Search  SearchCmd  `cmd:"" group:"patient" help:"Find open appointments near the patient."`
	Request RequestCmd `cmd:"" group:"patient" help:"Ask for the offer behind a token: exact time and practice."`
	Book    BookCmd    `cmd:"" group:"patient" help:"Book an appointment."`
	Watch   WatchCmd   `cmd:"" group:"patient" help:"Searches that go on, and tell when something opens."`
	PLZ     PLZCmd     `cmd:"" name:"plz" group:"patient" help:"Change the postcode around which is searched."`
	Radius  RadiusCmd  `cmd:"" group:"patient" help:"Change how far away is searched."`
	Erase   EraseCmd   `cmd:"" group:"patient" help:"Delete everything that the node of a patient knows."`

	Slots  SlotsCmd  `cmd:"" group:"practice" help:"Hand out appointments: add, plan, list, block, unblock, withdraw."`
	Poster PosterCmd `cmd:"" group:"practice" help:"Show the code that opens this practice's own list, for a poster or a slip."`
	Verify VerifyCmd `cmd:"" group:"practice" help:"Check the verification token that a patient shows."`

	Day     DayCmd     `cmd:"" group:"practice" help:"Show the appointments of a day with who has them."`
	Phone   PhoneCmd   `cmd:"" group:"practice" help:"Book for somebody who calls."`
	Move    MoveCmd    `cmd:"" group:"practice" help:"Move bookings to another time, one or a whole day."`
	Undo    UndoCmd    `cmd:"" group:"practice" help:"Take a move or a cancellation back."`
	Attend  AttendCmd  `cmd:"" group:"practice" help:"Check a patient in who shows no code."`
	Outcome OutcomeCmd `cmd:"" group:"practice" help:"Write down who was vaccinated, and who did not come."`
	Details DetailsCmd `cmd:"" group:"practice" help:"Show or change what the practice tells about itself."`

	Checkin CheckinCmd `cmd:"" group:"both" help:"Check in at a practice with its QR code and the patient's card."`

	Bookings BookingsCmd `cmd:"" group:"both" help:"List the bookings of this node."`
	Cancel   CancelCmd   `cmd:"" group:"both" help:"Cancel a booking; at a practice also many."`

	Card     CardCmd     `cmd:"" group:"cards" help:"Smart cards: look at one, enrol a practice with it, sign and check."`
	Disclose DiscloseCmd `cmd:"" group:"cards" help:"Warn others of an infection, signed by a health professional, without a name."`

	Status  StatusCmd  `cmd:"" group:"care" help:"Show what the node is doing."`
	Sync    SyncCmd    `cmd:"" group:"care" help:"Reconcile with the relays now."`
	Peers   PeersCmd   `cmd:"" group:"care" help:"Deny or allow connections with a peer."`
	Doctor  DoctorCmd  `cmd:"" group:"care" help:"Check home, network and connections, and say what to do."`
	Paths   PathsCmd   `cmd:"" group:"care" help:"Show where everything is kept."`
	Backup  BackupCmd  `cmd:"" group:"care" help:"Write an encrypted backup."`
	Restore RestoreCmd `cmd:"" group:"care" help:"Make a home from a backup."`

	Network    NetworkCmd    `cmd:"" group:"network" help:"Make, sign and inspect network files."`
	Scenario   ScenarioCmd   `cmd:"" group:"network" help:"Run scripted end-to-end scenarios."`
	Bench      BenchCmd      `cmd:"" group:"network" help:"Measure this computer against the budget."`
	Version    VersionCmd    `cmd:"" group:"network" help:"Show the version."`
	Completion CompletionCmd `cmd:"" group:"network" help:"Print the completion script of a shell."`
	Complete   CompleteCmd   `cmd:"" name:"__complete" hidden:""`
}

// Globals are the flags of every command.
type Globals struct {
	Home     string           `group:"globals" help:"Keep everything of one node below this folder, instead of the XDG directories." placeholder:"DIR" type:"path"`
	Config   string           `group:"globals" help:"Settings to read, instead of config.toml in the home or the XDG directory." placeholder:"FILE" type:"path"`
	JSON     bool             `group:"globals" name:"json" help:"Print one JSON value as the last line of the output."`
	LogLevel string           `group:"globals" help:"What to log to standard error: ${enum} (${default})." enum:"debug,info,warn,error" default:"warn" placeholder:"LEVEL"`
	Version  kong.VersionFlag `name:"version" hidden:"" env:"-" help:"Show the version."`
}

var groups = []kong.Group{
	{Key: "globals", Title: "Flags of every command:"},
	{Key: "nodes", Title: "Nodes:"},
	{Key: "patient", Title: "For patients:"},
	{Key: "practice", Title: "For practices:"},
	{Key: "both", Title: "For both:"},
	{Key: "cards", Title: "Cards and what they sign:"},
	{Key: "care", Title: "Care of a node:"},
	{Key: "network", Title: "Networks, tests, and this program:"},
}

// describe adds the variable of the environment to the help of a flag where the rule in Help does not tell it.
func describe(v *kong.Value) string {
	if v.Flag == nil || len(v.Tag.Envs) == 0 || v.Tag.Envs[0] == "PIEKS_"+strings.ToUpper(strings.ReplaceAll(v.Name, "-", "_")) {
		return v.Help
	}
	return kong.DefaultHelpValueFormatter(v)
}

// Help is shown by `pieks --help` below the description.
func (CLI) Help() string {
	return `A node runs in one terminal; other commands speak to it from another one and find it by its --home.

    pieks demo                                   see how it works, nothing is kept
    pieks practice --network FILE --plz 50667    run a practice
    pieks slots add --day 2026-12-01 --from 09:00 --to 12:00 --every 10m --vaccine comirnaty
    pieks patient --network FILE                 run a patient node; it asks for the postcode
    pieks search --radius 20                     find appointments, then: pieks book TOKEN

Every flag has a twin in the environment (--radius: PIEKS_RADIUS) and in config.toml. Exit codes: 0 done, 1 failed, 2 called wrongly.`
}
