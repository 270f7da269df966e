package network

import "errors"

// Why a bundle is not accepted. Each is a sentence for people.
var (
	ErrForm         = errors.New("this is not a network file of Pieks; get it again from where it came")
	ErrVersion      = errors.New("the network file has a version that this program does not know; please update Pieks")
	ErrSize         = errors.New("the network file is larger than 1 MiB; a network needs fewer relays, issuer keys or areas")
	ErrSignatures   = errors.New("the network file is not signed by two of its three operators; get it again from where it came")
	ErrContent      = errors.New("the network file contradicts itself; tell the operators of the network")
	ErrCardKey      = errors.New("the network file trusts a card CA whose private key is public, but is not of a test network; do not use it")
	ErrForeign      = errors.New("the network file is of another network; use it with another --home")
	ErrRolledBack   = errors.New("the network file is older than the one that this home knows; the newer one is kept")
	ErrEquivocation = errors.New("the operators signed two different network files with the same number; the first one is kept, tell them")
	ErrExpired      = errors.New("the network file has expired; get a newer one from the operators of the network, until then everything is read-only")
	ErrNotYet       = errors.New("the network file is from the future; please check this computer's clock")
	ErrNone         = errors.New("this home knows no network yet; give its network file with --network FILE")
)

// Why a bundle is not made or signed.
var (
	ErrOperator = errors.New("this key is not of an operator of the network, or has signed already")
	ErrWeeks    = errors.New("a network file is good for 1 to 4 weeks, or with 0 for 30 days")
	ErrNoRelay  = errors.New("a network needs at least one relay with an address")
)

// ErrNoTest says that nobody can make a card in a network.
var ErrNoTest = errors.New("this is no test network: use a real card")

// ErrDevice says that a text names no device of a practice.
var ErrDevice = errors.New("this is not a practice's device: give the 64 hex digits of pieks card status, or the first peer ID of pieks status there")

// ErrAnswer says that a relay did not hand over its bundle as the protocol has it.
var ErrAnswer = errors.New("the relay's answer about the network file cannot be read; try another relay")
