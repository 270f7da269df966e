// Package home is a node's folder and what every role finds in it before it runs: the store, the network it belongs
// to, its long-lived keys, and the control methods that all roles answer alike.
//
//	HOME/store/         the sealed store and its key file (package store)
//	HOME/control.json   where the running node listens for commands (package control)
//	HOME/config.toml    what the user set, read by the command
package home
