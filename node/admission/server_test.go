package admission

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/host/hosttest"
)

func TestClientIsShownItsRegionAndNothingElse(t *testing.T) {
	r := newRelay(t, hosttest.Loopback, false)
	h := r.dial(t, nil, hosttest.Loopback)
	if r.KindOf(h.ID()) != Stranger || r.AllowedTopics(h.ID())(gossip.CycleTopic("506")) || r.AllowedRegions(h.ID())("506") {
		t.Fatal("a stranger is shown something")
	}
	near := testNet().policy.Map.Neighbours("506")
	rep, err := HelloClient(hosttest.Within(t), h, r.host.ID(), "506", near[:1])
	if err != nil {
		t.Fatal(err)
	}
	cycle := gossip.DefaultRules().CycleAt(noon)
	want := []string{"506", near[0]}
	slices.Sort(want)
	if !slices.Equal(rep.Regions, want) || rep.Cycle != cycle || rep.Effective > cycle || rep.Bundle != 7 || !rep.Until.IsZero() {
		t.Errorf("reply %+v", rep)
	}
	if a := <-r.admitted; a != (Admitted{Peer: h.ID(), Kind: Client, Region: "506", Zone: "50"}) {
		t.Errorf("told of %+v", a)
	}
	topics, regions := r.AllowedTopics(h.ID()), r.AllowedRegions(h.ID())
	for topic, want := range map[string]bool{
		gossip.CycleTopic("506"): true, gossip.CycleTopic(near[0]): true, gossip.CycleTopic(near[1]): false,
		gossip.PoolTopic("50"): false, "/pieks/1/cycle/": false, "": false,
	} {
		if topics(topic) != want {
			t.Errorf("topic %q: %v", topic, !want)
		}
	}
	if !regions("506") || regions("100") || regions("") {
		t.Error("regions of the pool sync differ from the claim")
	}
	if r.KindOf(h.ID()) != Client || r.AllowReserve(h.ID(), nil) {
		t.Error("a client may reserve a circuit")
	}
	if c := r.Counts(); c != (Counts{Clients: 1}) {
		t.Errorf("counts %+v", c)
	}
}

// Case 31 and 35 of crypto.md: a change waits for its cycle and shows nowhere until then; nonsense gets one answer.
func TestClientsChangesWaitAndNonsenseIsRefused(t *testing.T) {
	r := newRelay(t, hosttest.Loopback, false)
	h := r.dial(t, nil, hosttest.Loopback)
	if _, err := HelloClient(hosttest.Within(t), h, r.host.ID(), "506", nil); err != nil {
		t.Fatal(err)
	}
	var last *Reply
	for i := range 20 {
		rep, err := HelloClient(hosttest.Within(t), h, r.host.ID(), fmt.Sprint(100+i%3+1), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(rep.Regions, []string{"506"}) || rep.Effective <= rep.Cycle {
			t.Fatalf("change %d is effective at once: %+v", i, rep)
		}
		last = rep
	}
	if r.AllowedRegions(h.ID())("102") || !r.AllowedRegions(h.ID())("506") {
		t.Error("a pending change is shown")
	}
	r.clock.Set(gossip.DefaultRules().TickOf(last.Effective))
	if !r.AllowedRegions(h.ID())("102") || r.AllowedRegions(h.ID())("506") {
		t.Error("the last change did not become effective in its cycle")
	}
	var texts []string
	for _, bad := range []struct {
		home  string
		extra []string
	}{
		{"", nil}, {"*", nil}, {"00000", nil}, {"99999", nil}, {"506/#", nil}, {"1'; DROP", nil}, {"٠١٠", nil}, {"506", []string{"100"}},
		{"506", []string{"507", "508", "509", "511"}}, {"506", []string{"not a region at all"}},
	} {
		_, err := HelloClient(hosttest.Within(t), h, r.host.ID(), bad.home, bad.extra)
		if !errors.Is(err, ErrRegion) {
			t.Errorf("%q %q: %v", bad.home, bad.extra, err)
			continue
		}
		texts = append(texts, err.Error())
	}
	if len(slices.Compact(texts)) != 1 {
		t.Errorf("answers differ: %q", texts)
	}
}

func TestFrontNeedsItsOwnPassOfThisEpoch(t *testing.T) {
	n, r := testNet(), newRelay(t, hosttest.Loopback, false)
	epoch := n.policy.Rules.EpochAt(noon)
	key, other := hosttest.Key(1), hosttest.Key(2)
	pass := n.pass(t, key, epoch)
	tampered := pass
	tampered.Signature = slices.Clone(pass.Signature)
	tampered.Signature[100] ^= 1
	foreign := pass
	foreign.Issuer[0] ^= 1
	front, wrong := r.dial(t, key, hosttest.Loopback), r.dial(t, other, hosttest.Loopback)

	if _, err := HelloFront(hosttest.Within(t), wrong, r.host.ID(), "506", pass); !errors.Is(err, ErrPeer) {
		t.Errorf("pass of another P: %v", err)
	}
	for name, p := range map[string]gossip.Pass{
		"tampered": tampered, "unknown issuer": foreign, "old epoch": n.pass(t, key, epoch-2), "future epoch": n.pass(t, key, epoch+2),
	} {
		if _, err := HelloFront(hosttest.Within(t), front, r.host.ID(), "506", p); !errors.Is(err, ErrPass) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := HelloFront(hosttest.Within(t), front, r.host.ID(), "999999", pass); !errors.Is(err, ErrRegion) {
		t.Errorf("unknown region: %v", err)
	}
	if r.KindOf(front.ID()) != Stranger || r.AllowReserve(front.ID(), nil) || len(r.admitted) != 0 {
		t.Fatal("a refused front was admitted")
	}

	rep, err := HelloFront(hosttest.Within(t), front, r.host.ID(), "506", pass)
	if err != nil {
		t.Fatal(err)
	}
	_, end := n.policy.Rules.EpochSpan(epoch)
	if !rep.Until.Equal(end) {
		t.Errorf("admitted until %s, want %s", rep.Until, end)
	}
	if a := <-r.admitted; a.Kind != Front || a.Zone != "50" || a.Peer != front.ID() {
		t.Errorf("told of %+v", a)
	}
	if !r.AllowReserve(front.ID(), nil) || !r.AllowConnect(wrong.ID(), nil, front.ID()) {
		t.Error("circuit refused")
	}
	topics, regions := r.AllowedTopics(front.ID()), r.AllowedRegions(front.ID())
	if !topics(gossip.PoolTopic("50")) || topics(gossip.PoolTopic("51")) || topics(gossip.CycleTopic("506")) {
		t.Error("topics of a front")
	}
	if !regions("506") || !regions("507") || regions("100") || regions("50x") {
		t.Error("regions of a front")
	}
	if _, err := HelloFront(hosttest.Within(t), front, r.host.ID(), "101", pass); !errors.Is(err, ErrRegion) {
		t.Errorf("second zone with one pass: %v", err)
	}
	if _, err := HelloFront(hosttest.Within(t), front, r.host.ID(), "506", pass); err != nil {
		t.Errorf("the same hello again: %v", err)
	}

	r.clock.Set(end)
	if r.KindOf(front.ID()) != Stranger || r.AllowReserve(front.ID(), nil) || r.AllowedTopics(front.ID())(gossip.PoolTopic("50")) {
		t.Error("admitted after the pass has ended")
	}
}

func TestDeskNeedsItsOwnEnrolment(t *testing.T) {
	n, r := testNet(), newRelay(t, hosttest.Loopback, false)
	key, other := hosttest.Key(3), hosttest.Key(4)
	enrolment := n.enrolment(t, publicOf(key))
	desk, wrong := r.dial(t, key, hosttest.Loopback), r.dial(t, other, hosttest.Loopback)
	hello := func() error { _, err := HelloDesk(hosttest.Within(t), desk, r.host.ID(), enrolment); return err }

	if _, err := HelloDesk(hosttest.Within(t), wrong, r.host.ID(), enrolment); !errors.Is(err, ErrPeer) {
		t.Errorf("enrolment of another D: %v", err)
	}
	broken := slices.Clone(enrolment)
	broken[len(broken)-5] ^= 1
	if _, err := HelloDesk(hosttest.Within(t), desk, r.host.ID(), broken); !errors.Is(err, ErrEnrolment) {
		t.Errorf("broken signature: %v", err)
	}
	good := r.getRoots()
	for name, c := range map[string]struct {
		roots card.Roots
		at    time.Time
		want  error
	}{
		"revoked":        {card.Roots{CAs: good.CAs, Professions: good.Professions, Revoked: [][32]byte{publicOf(key)}}, noon, ErrRevoked},
		"profession":     {card.Roots{CAs: good.CAs, Professions: []string{"1.2.276.0.76.4.49"}}, noon, ErrProfession},
		"untrusted root": {card.Roots{Professions: good.Professions}, noon, ErrEnrolment},
		"expired":        {good, noon.AddDate(0, 0, 31), ErrExpired},
	} {
		r.set(func(r *testRelay) { r.roots = c.roots })
		r.clock.Set(c.at)
		if err := hello(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r.AllowReserve(desk.ID(), nil) || r.Counts().Desks != 0 {
		t.Fatal("a refused desk was admitted")
	}
	r.set(func(r *testRelay) { r.roots = good })
	r.clock.Set(noon)
	if err := hello(); err != nil {
		t.Fatal(err)
	}
	if r.KindOf(desk.ID()) != Desk || !r.AllowReserve(desk.ID(), nil) || r.AllowedTopics(desk.ID())(gossip.PoolTopic("50")) || r.AllowedRegions(desk.ID())("506") {
		t.Error("rights of a desk")
	}
	r.Recheck()
	if r.KindOf(desk.ID()) != Desk {
		t.Error("dropped by a bundle that still admits it")
	}
	r.set(func(r *testRelay) { r.roots.Revoked = [][32]byte{publicOf(key)} })
	r.Recheck()
	if r.KindOf(desk.ID()) != Stranger {
		t.Error("still admitted after its revocation")
	}
}

func TestRelaysOfTheBundleNeedNoHello(t *testing.T) {
	r := newRelay(t, hosttest.Loopback, false)
	p := idOf(relayKey)
	if r.KindOf(p) != Relay || !r.AllowedTopics(p)(gossip.PoolTopic("01")) || r.AllowedTopics(p)(gossip.CycleTopic("506")) ||
		!r.AllowedRegions(p)("506") || r.AllowReserve(p, nil) {
		t.Error("rights of a relay")
	}
}

func TestNobodyIsAdmittedWithoutABundle(t *testing.T) {
	n, r := testNet(), newRelay(t, hosttest.Loopback, false)
	key := hosttest.Key(1)
	h := r.dial(t, key, hosttest.Loopback)
	pass := n.pass(t, key, n.policy.Rules.EpochAt(noon))
	if _, err := HelloFront(hosttest.Within(t), h, r.host.ID(), "506", pass); err != nil {
		t.Fatal(err)
	}
	r.set(func(r *testRelay) { r.policy = nil })
	for name, err := range map[string]error{
		"client": second(HelloClient(hosttest.Within(t), h, r.host.ID(), "506", nil)),
		"front":  second(HelloFront(hosttest.Within(t), h, r.host.ID(), "506", pass)),
	} {
		if !errors.Is(err, ErrNoBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.Recheck()
	if r.KindOf(h.ID()) != Stranger || r.AllowedRegions(h.ID())("506") {
		t.Error("a front outlives the bundle")
	}
}

func second[T any](_ T, err error) error { return err }

// 20 clients of one subnet, each with another region: the relay shows the subnet 16 regions, with new peer IDs too, and
// leaves another subnet alone. TCP, since QUIC on loopback does not keep the source address.
func TestSubnetIsShownFewRegions(t *testing.T) {
	r := newRelay(t, "/ip4/127.0.0.1/tcp/0", true)
	regions := manyRegions(25)
	shown := 0
	for _, region := range regions[:20] {
		h := r.dial(t, nil, "/ip4/127.0.5.1/tcp/0")
		_, err := HelloClient(hosttest.Within(t), h, r.host.ID(), region, nil)
		switch {
		case err == nil:
			shown++
			if !r.AllowedRegions(h.ID())(region) {
				t.Errorf("%s granted and not shown", region)
			}
		case errors.Is(err, ErrRegion):
			if r.KindOf(h.ID()) != Stranger || r.AllowedRegions(h.ID())(region) {
				t.Errorf("%s refused and shown", region)
			}
		default:
			t.Fatal(err)
		}
		_ = h.Close() // coming back with a new peer ID must not help
	}
	if shown != 16 {
		t.Errorf("one subnet is shown %d regions, want 16", shown)
	}
	h := r.dial(t, nil, "/ip4/127.0.6.1/tcp/0")
	if _, err := HelloClient(hosttest.Within(t), h, r.host.ID(), regions[24], nil); err != nil {
		t.Errorf("another subnet: %v", err)
	}
}

func manyRegions(n int) []string {
	m := testNet().policy.Map
	var out []string
	for i := 100; len(out) < n; i++ {
		if r := fmt.Sprint(i); m.HasRegion(r) {
			out = append(out, r)
		}
	}
	return out
}

func TestHelloRates(t *testing.T) {
	r := newRelay(t, hosttest.Loopback, false)
	h := r.dial(t, nil, hosttest.Loopback)
	for i := range peerBurst {
		if _, err := HelloClient(hosttest.Within(t), h, r.host.ID(), "506", nil); err != nil {
			t.Fatalf("hello %d: %v", i, err)
		}
	}
	if _, err := HelloClient(hosttest.Within(t), h, r.host.ID(), "506", nil); !errors.Is(err, ErrBusy) {
		t.Errorf("beyond the burst: %v", err)
	}
	r.clock.Set(noon.Add(peerEvery))
	if _, err := HelloClient(hosttest.Within(t), h, r.host.ID(), "506", nil); err != nil {
		t.Errorf("one step later: %v", err)
	}
	if got := r.Counts().Refused; got != 1 {
		t.Errorf("refused %d", got)
	}
}

func TestRollIsBounded(t *testing.T) {
	r := newRoll()
	end := noon.Add(time.Hour)
	id := func(i int) peer.ID { return peer.ID(fmt.Sprint(i)) }
	for i := range maxFronts {
		if code := r.admit(id(i), guest{kind: Front, region: "506", until: end}, noon); code != CodeOK {
			t.Fatalf("front %d: %d", i, code)
		}
	}
	if code := r.admit(id(-1), guest{kind: Front, until: end}, noon); code != CodeBusy {
		t.Errorf("one too many: %d", code)
	}
	if code := r.admit(id(-2), guest{kind: Desk, until: end}, noon); code != CodeOK {
		t.Errorf("desks have their own number: %d", code)
	}
	if code := r.admit(id(5), guest{kind: Front, region: "506", until: end}, noon); code != CodeOK {
		t.Errorf("a known front again: %d", code)
	}
	if code := r.admit(id(-1), guest{kind: Front, until: end.Add(time.Hour)}, end); code != CodeOK || r.counts[Front] != 1 {
		t.Errorf("after all have ended: code %d, %d fronts", code, r.counts[Front])
	}
}
