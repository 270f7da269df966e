package patient

import (
	"encoding/hex"

	"github.com/libp2p/go-libp2p/core/network"

	"pieks/node/control"
)

// Status is what the node says of itself: its regions, never its postcode.
func (n *Node) Status() control.Status {
	s := n.home.Status()
	s.PeerIDs = []string{n.host.ID().String()}
	for _, info := range n.home.Relays("") {
		if n.host.Network().Connectedness(info.ID) == network.Connected {
			s.Relays = append(s.Relays, control.Relay{PeerID: info.ID.String(), Operator: n.home.Operator(info.ID), Connected: true})
		}
	}
	view, at := n.pool.View(), n.home.Now()
	for _, region := range view.Regions() {
		digest := view.Digest(region, at)
		r := control.PoolRegion{Region: region, Digest: hex.EncodeToString(digest[:8])}
		for _, sheet := range view.Region(region) {
			r.Sheets++
			r.Slots += len(sheet.Sheet.Slots)
		}
		s.Pool = append(s.Pool, r)
	}
	s.Listed, s.Offline = n.listing.at().UTC(), n.offlineSince().UTC()
	for _, e := range n.bookings.all() {
		if n.bookings.due(e) {
			s.Outbox++
		}
	}
	return s
}
