// Package scenarios runs whole networks on one machine: real hosts, sockets and stores, in this process or each node in its own.
//
//	net.go      a network in a temporary folder, and its nodes
//	script.go   the YAML form of a scenario
//	run.go      runs one; steps_*.go are the steps
//	demo.go     the account that pieks demo gives
//	bench_*.go  measurements against the budget of design.md 19
//
// Everything is driven through the same control socket that the command line uses, so a scenario does what a user can do.
//
// # Scenario files
//
//	name: main                              # shown in the result
//	about: what it proves, in a sentence
//	processes: true                         # each node is a process of its own (kill needs it); default: all in this one
//	network: {relays: 2, cycle: 1s, epoch: 24h, hold: 10m}
//	practices: {koeln: {plz: "50667"}}      # name, street, phone have defaults
//	patients: {anna: {plz: "50670"}}
//	popp_service: {give_up: 8s, institutions: {apotheke: {telematik_id: 3-07.2.1, profession: 1.2.276.0.76.4.54, name: Apotheke}}} # a double, on loopback
//	steps:                                  # each has one key; see the Step type
//	  - start: [relay-1, relay-2, koeln, anna]
//	  - wait: {at: anna, tokens: 3, within: 10s}
//
// Days are written +7 (from today, German time) or as a date. A failing step is named with its number and ends the run.
package scenarios
