package patient

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/disclosure"
	"pieks/node/home/testnet"
)

// begun puts a disclosure into a home as start leaves it, registered until then.
func begun(t *testing.T, n *Node, relay string, until time.Time, state disclosureState, rooms ...room) *disclosureEntry {
	t.Helper()
	consent, err := disclosure.NewConsent([]byte("what was found"))
	if err != nil {
		t.Fatal(err)
	}
	e := newDisclosureEntry(disclosureID(consent.Secret[:8]), disclosureRecord{
		State: state, Consent: &consent, Relay: relay, Until: uint64(until.Unix()), RoomCount: uint8(len(rooms)),
	})
	for _, r := range rooms {
		e.rec.Rooms = append(e.rec.Rooms, r.Key)
		if err := r.save(t.Context(), n.home.Store); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.save(t.Context(), n.home.Store); err != nil {
		t.Fatal(err)
	}
	n.disclosures.mu.Lock()
	n.disclosures.entries[e.id] = e
	n.disclosures.mu.Unlock()
	return e
}

// destroyed wants that nothing is left of what a disclosure was about, in memory and on disk.
func destroyed(t *testing.T, n *Node, e *disclosureEntry) {
	t.Helper()
	if e.rec.Consent != nil || e.rec.CMS != nil || e.rec.Rooms != nil {
		t.Errorf("%s, and it is still there: %+v", e.rec.State, e.rec)
	}
	kept, err := loadDisclosures(n.home.Store)
	if err != nil {
		t.Fatal(err)
	}
	if r := kept[e.id]; r.State != e.rec.State || r.Consent != nil || r.CMS != nil || r.Rooms != nil {
		t.Errorf("on disk %+v", r)
	}
}

func roomsOf(t *testing.T, n *Node) []room {
	t.Helper()
	rooms, err := loadRooms(n.home.Store, n.home.Now())
	if err != nil {
		t.Fatal(err)
	}
	return rooms
}

func today(clock *testnet.Clock) uint32 { return gossip.DayOf(clock.Now()) }

// A disclosure whose half hour ended while the node was off is over when it starts, and nothing of it is left but that.
func TestDisclosureThatEndedMeanwhile(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	r := room{Key: booking.RoomKey{1}, Day: today(clock), Practice: "Praxis"}
	waiting := begun(t, n, net.Relays[0].Peer, clock.Now().Add(time.Minute), disclosureWaiting, r)
	signed := begun(t, n, net.Relays[0].Peer, clock.Now().Add(time.Minute), disclosureSigned)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	n = startNode(t, net, "", clock)
	for _, id := range []disclosureID{waiting.id, signed.id} {
		e, err := n.disclosures.find(id.String())
		if err != nil {
			t.Fatal(err)
		}
		testnet.Until(t, "the disclosure ends", func() bool { return n.disclosures.state(e) == disclosureExpired })
		destroyed(t, n, e)
	}
	if got := roomsOf(t, n); len(got) != 1 {
		t.Errorf("%d rooms: they were not disclosed", len(got))
	}
	list, err := n.listDisclosures(t.Context())
	if err != nil || len(list) != 2 || list[0].State != "expired" || list[0].Digits != "" || list[0].Message == "" {
		t.Errorf("%+v %v", list, err)
	}
}

func TestCancelDisclosure(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	r := room{Key: booking.RoomKey{1}, Day: today(clock), Practice: "Praxis"}
	e := begun(t, n, net.Relays[0].Peer, clock.Now().Add(time.Minute), disclosureWaiting, r)
	if shown := n.disclosures.shown(e); shown.Digits == "" || shown.Words == "" || shown.QR == "" || shown.Rooms != 1 {
		t.Errorf("%+v", shown)
	}
	for range 2 { // again changes nothing
		out, err := n.cancelDisclosure(t.Context(), control.DiscloseName{ID: e.id.String()})
		if err != nil || out.State != "cancelled" || out.Digits != "" {
			t.Errorf("%+v %v", out, err)
		}
		destroyed(t, n, e)
	}
	if len(roomsOf(t, n)) != 1 {
		t.Error("the room is gone, though nothing was disclosed")
	}
	driven := begun(t, n, net.Relays[0].Peer, clock.Now().Add(time.Minute), disclosureSigned)
	n.disclosures.drive(driven, nil) // to a relay that is not there
	if out, err := n.cancelDisclosure(t.Context(), control.DiscloseName{ID: driven.id.String()}); err != nil || out.State != "cancelled" || out.Message == "Taken back." {
		t.Errorf("while it is driven: %+v %v", out, err)
	}
	destroyed(t, n, driven)
	posted := begun(t, n, net.Relays[0].Peer, clock.Now().Add(time.Minute), disclosurePosted)
	if _, err := n.cancelDisclosure(t.Context(), control.DiscloseName{ID: posted.id.String()}); !errors.Is(err, errPosted) {
		t.Errorf("posted: %v", err)
	}
	for _, id := range []string{"", "x", "0000000000000000", e.id.String() + "00"} {
		if _, err := n.cancelDisclosure(t.Context(), control.DiscloseName{ID: id}); control.KindOf(err) != control.KindNotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// What was posted is destroyed with its waiting rooms, and a receipt that tells of them again does not bring them back.
func TestPostedRoomsDoNotComeBack(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	told := room{Key: booking.RoomKey{1}, Day: today(clock), Practice: "Praxis"}
	other := room{Key: booking.RoomKey{2}, Day: today(clock) - 1, Practice: "Praxis"}
	if err := other.save(t.Context(), n.home.Store); err != nil {
		t.Fatal(err)
	}
	e := begun(t, n, net.Relays[0].Peer, clock.Now().Add(time.Minute), disclosureSigned, told)
	secret := e.rec.Consent
	if err := n.disclosures.finish(e, disclosurePosted, ""); err != nil {
		t.Fatal(err)
	}
	destroyed(t, n, e)
	if !bytes.Equal(secret.Data, make([]byte, len(secret.Data))) || secret.Secret != [32]byte{} {
		t.Error("the data are still in memory")
	}
	if err := remember(t.Context(), n.home.Store, []room{told, other}); err != nil {
		t.Fatal(err)
	}
	if got := roomsOf(t, n); len(got) != 1 || got[0].Key != other.Key {
		t.Errorf("%+v", got)
	}
	if _, err := n.home.Store.Sweep(t.Context(), clock.Now().AddDate(0, 0, keepRooms+1)); err != nil {
		t.Fatal(err)
	}
	if err := remember(t.Context(), n.home.Store, []room{told}); err != nil {
		t.Fatal(err)
	}
	if got := roomsOf(t, n); len(got) != 0 {
		t.Errorf("after two weeks %+v", got)
	}
}

// What a relay says that a professional has signed is taken only if it is for these data and digits; data in the place of the patient's end it,
// another's slip does not.
func TestJudgeASignature(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	relay, err := peer.Decode(net.Relays[0].Peer)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		kind   card.Kind
		change func(*disclosure.Scanned, *disclosure.Registered)
		want   disclosureState
	}{
		"good":          {card.HBA, func(*disclosure.Scanned, *disclosure.Registered) {}, disclosureSigned},
		"practice card": {card.SMCB, func(*disclosure.Scanned, *disclosure.Registered) {}, disclosureWaiting},
		"other pin":     {card.HBA, func(s *disclosure.Scanned, _ *disclosure.Registered) { s.Code ^= 1 }, disclosureWaiting},
		"swapped":       {card.HBA, func(_ *disclosure.Scanned, r *disclosure.Registered) { r.Commitment[3] ^= 1 }, disclosureRefused},
	} {
		t.Run(name, func(t *testing.T) {
			e := begun(t, n, net.Relays[0].Peer, clock.Now().Add(20*time.Minute), disclosureWaiting)
			scanned := disclosure.Scanned{Code: e.rec.Consent.Code}
			found := disclosure.Registered{Relay: relay, Commitment: e.rec.Consent.Commitment(), Until: clock.Now().Add(20 * time.Minute)}
			test.change(&scanned, &found)
			found.Reference = scanned.Code.Reference()
			content, _, err := disclosure.Prepare(scanned, found, clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			err = n.disclosures.judge(t.Context(), e, relay, signedBytes(t, net, test.kind, content, clock.Now()))
			if e.rec.State != test.want || (test.want == disclosureWaiting) != (err != nil) {
				t.Fatalf("%s: %v (%s)", e.rec.State, err, e.rec.Message)
			}
			if test.want == disclosureRefused {
				destroyed(t, n, e)
			} else if e.rec.Consent == nil || (test.want == disclosureSigned) != (e.rec.CMS != nil) {
				t.Errorf("%+v", e.rec)
			}
			if test.want != disclosureSigned && e.rec.Message == "" {
				t.Error("nothing is said")
			}
		})
	}
}

func signedBytes(t *testing.T, net *testnet.Net, kind card.Kind, content []byte, now time.Time) []byte {
	t.Helper()
	ca, err := card.LoadTestCA(net.Bundle.Test.PrivateKey, net.Bundle.Test.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	virtual, _, err := card.NewVirtualOf(kind, card.VirtualOptions{CA: ca, Curve: card.CurveP256})
	if err != nil {
		t.Fatal(err)
	}
	c, err := card.Open(t.Context(), virtual)
	if err != nil {
		t.Fatal(err)
	}
	cms, err := card.SignMessage(t.Context(), c, card.VirtualPIN, disclosure.Domain, content, now)
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

// A warning about a room finds it whether the list or the key came first, and nobody else's; both are forgotten in time.
func TestWarnings(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	relay, err := peer.Decode(net.Relays[0].Peer)
	if err != nil {
		t.Fatal(err)
	}
	early := room{Key: booking.RoomKey{1}, Day: today(clock) - 3, Practice: "Praxis A"}
	late := room{Key: booking.RoomKey{2}, Day: today(clock) - 2, Practice: "Praxis B"}
	other := room{Key: booking.RoomKey{3}, Day: today(clock) - 2, Practice: "Praxis C"}
	for _, r := range []room{early, other} {
		if err := r.save(t.Context(), n.home.Store); err != nil {
			t.Fatal(err)
		}
	}
	warning, err := disclosure.NewWarning([][32]byte{early.Key, late.Key})
	if err != nil {
		t.Fatal(err)
	}
	l := disclosure.List{Relay: relay, Number: 1, Issued: clock.Now().Truncate(time.Second), Items: [][]byte{[]byte("for others"), warning}}
	for range 2 { // a list that comes again is one list
		if err := n.keepList(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	warned := func() control.DisclosureLists {
		out, err := n.listLists(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := warned(); len(out.Lists) != 1 || out.Lists[0].Items != 2 || len(out.Warnings) != 1 || out.Warnings[0].Practice != "Praxis A" {
		t.Errorf("%+v", out)
	}
	if err := remember(t.Context(), n.home.Store, []room{late}); err != nil {
		t.Fatal(err)
	}
	out := warned()
	if len(out.Warnings) != 2 {
		t.Errorf("%+v", out.Warnings)
	}
	seen := out.Warnings[0].Seen
	clock.Advance(time.Hour)
	if again := warned(); !again.Warnings[0].Seen.Equal(seen) {
		t.Error("a warning is new each time it is looked at")
	}
	if _, err := n.home.Store.Sweep(t.Context(), clock.Now().Add(disclosure.Retention+24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if out := warned(); len(out.Lists)+len(out.Warnings) != 0 {
		t.Errorf("after two weeks %+v", out)
	}
}

// Without a relay, a room, or with too much data nothing is begun.
func TestNothingToDisclose(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 48 * time.Hour})
	n := startNode(t, net, net.File, clock)
	if _, err := n.disclose(t.Context(), control.DiscloseStart{}); !errors.Is(err, errNoRooms) {
		t.Errorf("no rooms: %v", err)
	}
	if _, err := n.disclose(t.Context(), control.DiscloseStart{Data: []byte("x")}); !errors.Is(err, errNoRelay) {
		t.Errorf("no relay: %v", err)
	}
	clock.Advance(25 * time.Hour)
	if _, err := n.disclose(t.Context(), control.DiscloseStart{Data: []byte("x")}); control.KindOf(err) != control.KindUnavailable {
		t.Errorf("expired network: %v", err)
	}
	if list, err := n.listDisclosures(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v %v", list, err)
	}
}

// Records of what is over hold nothing but that, and go in time.
func TestRecordsOfWhatIsOver(t *testing.T) {
	data, err := wire.Marshal(disclosureRecord{State: disclosurePosted, Relay: "r", Until: 1})
	if err != nil {
		t.Fatal(err)
	}
	if retainDisclosure(nil, data, time.Unix(1, 0).Add(keepDisclosures)) || !retainDisclosure(nil, data, time.Unix(1, 0)) {
		t.Error("retention of disclosures")
	}
	spent, err := wire.Marshal(disclosedRecord{Until: 10})
	if err != nil {
		t.Fatal(err)
	}
	if retainDisclosed(nil, spent, time.Unix(10, 0)) || !retainDisclosed(nil, spent, time.Unix(9, 0)) {
		t.Error("retention of what was disclosed")
	}
}
