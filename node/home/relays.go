package home

import (
	"math/rand/v2"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/node/network"
)

// Relays are the network's relays that serve a zone ("" is any), in random order. Entries that cannot be read are left out.
func (h *Home) Relays(zone string) []peer.AddrInfo {
	bundle := h.Network.Get()
	if bundle == nil {
		return nil
	}
	var infos []peer.AddrInfo
	for _, r := range bundle.Relays {
		if info, ok := AddrInfo(r); ok && serves(r, zone) {
			infos = append(infos, info)
		}
	}
	rand.Shuffle(len(infos), func(i, j int) { infos[i], infos[j] = infos[j], infos[i] })
	return infos
}

// RelayInfos are the relays of the network among the named ones, in their order.
func (h *Home) RelayInfos(ids []string) []peer.AddrInfo {
	bundle := h.Network.Get()
	if bundle == nil {
		return nil
	}
	var infos []peer.AddrInfo
	for _, id := range ids {
		i := slices.IndexFunc(bundle.Relays, func(r network.Relay) bool { return r.Peer == id })
		if i < 0 {
			continue
		}
		if info, ok := AddrInfo(bundle.Relays[i]); ok {
			infos = append(infos, info)
		}
	}
	return infos
}

// Operator names who runs a relay.
func (h *Home) Operator(id peer.ID) string {
	if bundle := h.Network.Get(); bundle != nil {
		for _, r := range bundle.Relays {
			if r.Peer == id.String() {
				return r.Operator
			}
		}
	}
	return ""
}

// AddrInfo reads a relay's entry.
func AddrInfo(r network.Relay) (peer.AddrInfo, bool) {
	id, err := peer.Decode(r.Peer)
	if err != nil {
		return peer.AddrInfo{}, false
	}
	info := peer.AddrInfo{ID: id}
	for _, text := range r.Addrs {
		if a, err := ma.NewMultiaddr(text); err == nil {
			info.Addrs = append(info.Addrs, a)
		}
	}
	return info, len(info.Addrs) > 0
}

func serves(r network.Relay, zone string) bool {
	return zone == "" || len(r.Zones) == 0 || slices.Contains(r.Zones, zone)
}
