//go:build race

package gossip

// raceEnabled: a simulation costs twenty times as much under the race detector, so the large ones run without it.
const raceEnabled = true
