package scenarios

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"pieks/gossip"
	"pieks/node/admission"
)

// harvester is a peer with a fresh identity at an address of 127.0.0.0/8. It speaks TCP only, whose connections come from where it listens.
func harvester(t *testing.T, ip string) libhost.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/"+ip+"/tcp/0"), libp2p.Transport(tcp.NewTCPTransport), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestOneSubnetCannotHarvestTheCountry has new identities of one /24 ask a relay for region after region, on the gossip side of which admission decides too.
// The relay shows the whole subnet no more regions than one subnet may see; another subnet is not affected.
func TestOneSubnetCannotHarvestTheCountry(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	net, err := NewNet(ctx, NetConfig{Dir: t.TempDir(), Relays: 1, Cycle: 10 * time.Minute, LimitLocal: true, Log: logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if err := net.nodes["relay-1"].Start(ctx); err != nil {
		t.Fatal(err)
	}
	policy, err := net.made.Bundle.Policy()
	if err != nil {
		t.Fatal(err)
	}
	relay := addrInfo(net.made.Bundle.Relays[0])
	regions := policy.Map.Regions()
	shown := map[string]bool{}
	const peers = 60
	for i := range peers {
		h := harvester(t, fmt.Sprintf("127.0.20.%d", 1+i%250))
		seen := harvest(ctx, h, relay, policy, regions[i*len(regions)/peers])
		for _, region := range seen {
			shown[region] = true
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d identities of one subnet saw %d of %d regions", peers, len(shown), len(regions))
	if len(shown) == 0 || len(shown) > 16 {
		t.Errorf("one subnet saw %d regions", len(shown))
	}
	h := harvester(t, "127.0.21.1")
	defer h.Close()
	if seen := harvest(ctx, h, relay, policy, regions[len(regions)/2]); len(seen) == 0 {
		t.Error("an honest peer of another subnet was refused too")
	}
}

// harvest says hello for a region and its neighbours and returns the regions whose sheets the relay then shows.
func harvest(ctx context.Context, h libhost.Host, relay peer.AddrInfo, policy *gossip.Policy, region string) (seen []string) {
	if h.Connect(ctx, relay) != nil {
		return nil
	}
	neighbours := policy.Map.Neighbours(region)
	_, _ = admission.HelloClient(ctx, h, relay.ID, region, neighbours[:min(3, len(neighbours))])
	pool := gossip.NewPool(nil)
	validator := gossip.NewValidator(func() *gossip.Policy { return policy }, nil).Against(pool)
	for _, r := range append([]string{region}, neighbours...) {
		if _, err := gossip.SyncPool(ctx, h, relay.ID, r, pool, validator); err == nil {
			seen = append(seen, r)
		}
	}
	return seen
}
