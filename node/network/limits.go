package network

import "time"

const (
	// MaxBytes: a network of 256 relays with six issuer keys each would be 800 KB; files, store values and frames hold this.
	MaxBytes = 1 << 20
	// MaxValidity: an operator who stops to care, or is cut off, stops mattering after a month (design.md 5).
	MaxValidity = 30 * 24 * time.Hour
	// MaxSkew: clocks of practices and patients are off by minutes (design.md 17).
	MaxSkew = 10 * time.Minute
	// MinEpoch: below this a pseudonym is gone before a booking under it is done.
	MinEpoch = 10 * time.Second
)

// Longest lists. Each is below the 1,024 entries that an array may have (pieks/gossip/wire).
const (
	maxRelays      = 256  // p2p.md 7.1: 15 relays serve 100,000 patients
	maxIssuers     = 1024 // each relay has one key a week, five or six in a bundle
	maxRoots       = 64   // gematik has about 20 card CAs in use
	maxCVCRoots    = 16   // gematik makes one every two years, for eight
	maxProfessions = 64   // crypto.md 5.3 lists about 20 of them
	maxVaccines    = 200  // Germany has about 100 approved
	maxRevoked     = 1024 // devices are revoked for at most 90 days, until their enrolment ends
	maxAddrs       = 8    // QUIC and TCP, IPv4 and IPv6, twice
)

const (
	maxDisclosed       = 1000      // items before a list: a larger number would hold back what is to warn people
	maxDisclosureCycle = 86400     // a day
	maxDisclosureWait  = 3 * 86400 // what is older comes too late for those who are warned
)

// Longest texts, in bytes: a line on a screen.
const (
	maxText = 80
	maxAddr = 128
	maxOID  = 64
	maxCode = 24 // what a slot sheet takes
)

const (
	// maxGossipBytes: pubsub takes 256 KiB with its own framing; larger files are only fetched.
	maxGossipBytes = 240 << 10
	// maxRequest: a request has two small numbers and 16 characters.
	maxRequest = 64
	// maxAnswer: a file with version and code around it.
	maxAnswer = MaxBytes + 64
	// streamTimeout: 1 MiB at 300 kbit/s.
	streamTimeout = 30 * time.Second
	// publishTimeout: handing a message to pubsub takes no network.
	publishTimeout = 5 * time.Second
)

// maxWeeks: four weeks fit into MaxValidity; 0 stands for all of it.
const maxWeeks = 4
