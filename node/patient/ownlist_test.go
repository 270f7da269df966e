package patient

import (
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/home/testnet"
	"pieks/node/ownlist"
)

// aList is a list of a practice with two appointments, as if it had been fetched.
func aList(device byte, clock *testnet.Clock) (ownlist.List, []string) {
	list := ownlist.List{OwnList: booking.OwnList{Device: [32]byte{device}, Sealing: [32]byte{9}, Expires: clock.Now().Add(24 * time.Hour)}}
	var tokens []string
	for i, days := range []int{3, 3 + 28} {
		at := uint64(clock.Now().AddDate(0, 0, days).Unix())
		s := booking.Listed{ID: gossip.SlotID{byte(i + 1)}, Start: at, End: at + 600, Vaccine: "comirnaty", Dose: uint8(i + 1)}
		list.Slots = append(list.Slots, s)
		tokens = append(tokens, gossip.TokenOf(list.Device, s.ID).String())
	}
	return list, tokens
}

// Tokens of a practice's own list are asked for at its desk, one or both doses; those of a sheet as ever. An attempt needs the list no more.
func TestTokensOfAnOwnList(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	list, tokens := aList(1, clock)
	sheet := listed(t, n, net, clock)
	if _, err := n.bookings.begin(t.Context(), tokens[:1], ""); !errors.Is(err, ErrTokenGone) {
		t.Errorf("before the list came: %v", err)
	}
	n.lists.put(list)
	other, others := aList(2, clock)
	n.lists.put(other)
	for name, c := range map[string]struct {
		tokens []string
		want   error
	}{
		"second dose first":        {[]string{tokens[1], tokens[0]}, ErrInterval},
		"two practices":            {[]string{tokens[0], others[1]}, booking.ErrSlots},
		"list and sheet":           {[]string{tokens[0], sheet}, booking.ErrSlots},
		"sheet and list":           {[]string{sheet, tokens[0]}, ErrTokenGone},
		"no token beside it":       {[]string{tokens[0], "x"}, gossip.ErrTokenName},
		"the same appointment":     {[]string{tokens[0], tokens[0]}, ErrInterval},
		"three":                    {[]string{tokens[0], tokens[1], tokens[0]}, booking.ErrSlots},
		"a token of nobody's list": {[]string{tokens[0][:31] + "x"}, gossip.ErrTokenName},
	} {
		if _, err := n.bookings.begin(t.Context(), c.tokens, ""); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if kept := n.bookings.all(); len(kept) != 0 {
		t.Errorf("%d attempts after refusals", len(kept))
	}
	e, err := n.bookings.begin(t.Context(), tokens, "")
	if err != nil {
		t.Fatal(err)
	}
	request, err := e.attempt.Request()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, net, "", clock)
	again, ok := n.bookings.get(e.attempt.ID())
	if !ok {
		t.Fatal("the attempt is lost")
	}
	again.mu.Lock()
	repeated, err := again.attempt.Request()
	to, sealing, _ := again.attempt.Front()
	again.mu.Unlock()
	if err != nil || string(repeated) != string(request) || to != list.Device || sealing != list.Sealing {
		t.Errorf("another request, or to another: %v", err)
	}
}

// Lists are good for a time, and few are kept: the newest.
func TestListsAreForgotten(t *testing.T) {
	clock := &testnet.Clock{}
	var l lists
	var first, last []string
	for i := range byte(maxLists + 1) {
		list, tokens := aList(i, clock)
		l.put(list)
		l.put(list)
		if i == 0 {
			first = tokens
		}
		last = tokens
	}
	if _, ok := l.of(first, clock.Now()); ok || len(l.all) != maxLists {
		t.Errorf("%d lists, the oldest among them: %v", len(l.all), ok)
	}
	if _, ok := l.of(last, clock.Now()); !ok {
		t.Error("the newest is forgotten")
	}
	if _, ok := l.of(last, clock.Now().Add(24*time.Hour)); ok {
		t.Error("an old list counts")
	}
	if list, ok := l.from([32]byte{maxLists}, clock.Now()); !ok || list.Device != [32]byte{maxLists} {
		t.Error("the newest is not found by its practice")
	}
	for _, at := range []time.Duration{0, 24 * time.Hour} {
		if _, ok := l.from([32]byte{byte(at / time.Hour / 24 * maxLists)}, clock.Now().Add(at)); ok {
			t.Error("a list that is gone is found by its practice")
		}
	}
	if _, ok := l.of(nil, clock.Now()); ok {
		t.Error("nothing is in a list")
	}
}

func TestStatesOfAList(t *testing.T) {
	for want, errs := range map[string][]error{
		"code": {ownlist.ErrCode}, "revoked": {card.ErrRevoked}, "closed": {ownlist.ErrClosed}, "busy": {ownlist.ErrBusy},
		"unproven": {booking.ErrLicence, ownlist.ErrList, ownlist.ErrVersion, ownlist.ErrMalformed}, "offline": {errUnreached, errors.New("dial")},
	} {
		for _, err := range errs {
			if got := stateOf(err); got != want {
				t.Errorf("%v is %s, want %s", err, got, want)
			}
		}
	}
}
