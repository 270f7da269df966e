package gossip

import "time"

// View is an immutable state of a pool: what a relay released at a tick, or what a search runs over. The zero View is empty.
type View struct{}

// Have names one sheet in a pool sync: the first 8 bytes of its pseudonym, and its sequence number.
type Have struct {
	P   [8]byte `cbor:"1,keyasint"`
	Seq uint64  `cbor:"2,keyasint"`
}

// Region lists the sheets of a region by pseudonym, expired ones that were not dropped yet included. The caller must not change it.
func (v *View) Region(region string) []*Signed { return nil }

// Regions lists the regions with a sheet, sorted.
func (v *View) Regions() []string { return nil }

// Len is the number of sheets in all regions.
func (v *View) Len() int { return 0 }

// Lookup finds the sheet of a pseudonym.
func (v *View) Lookup(pub [32]byte) (*Signed, bool) { return nil, false }

// Digest is SHA-256 over (P, Seq as 8 bytes big-endian, hash) of each sheet of the region that has not expired at the instant,
// ordered by P. Two pools with the same sheets have the same digest.
func (v *View) Digest(region string, at time.Time) [32]byte { return [32]byte{} }

// Have lists the sheets of a region for a pool sync, by pseudonym.
func (v *View) Have(region string) []Have { return nil }

// Since lists the sheets of a region that v has and old has not, or has older, by pseudonym.
func (v *View) Since(old *View, region string) []*Signed { return nil }

// Missing lists the sheets of a region, not expired at the instant, that a peer with have lacks.
func (v *View) Missing(region string, have []Have, at time.Time) []*Signed { return nil }

// FindToken finds the sheet and slot of a token by its shown name.
func (v *View) FindToken(name TokenName) (*Signed, Slot, bool) { return nil, Slot{}, false }
