// Package admission is how a relay learns what a peer is: patient, front or desk.
package admission
