package patient

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/host"
	"pieks/node/ownlist"
)

const (
	// maxLists: one who looks for a family has the posters of some practices; the one asked for longest ago is forgotten.
	maxLists = 8
	// listRelays: relays that are asked for a way to a practice. One is as a rule enough, since a code names two.
	listRelays = 5
	// listTry: a relay that is there says within a second whether it has a way.
	listTry = 6 * time.Second
	// listWait covers all relays, while somebody looks at the screen.
	listWait = 25 * time.Second
)

// lists are practices' own lists as they were last fetched, in memory only: an attempt takes with it what it needs.
type lists struct {
	mu  sync.Mutex
	all []ownlist.List // the newest last
}

// put keeps a list in the place of an older one of the same practice.
func (l *lists) put(list ownlist.List) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = slices.DeleteFunc(l.all, func(old ownlist.List) bool { return old.Device == list.Device })
	if len(l.all) >= maxLists {
		l.all = slices.Delete(l.all, 0, 1)
	}
	l.all = append(l.all, list)
}

// of finds the list that has the first of these tokens.
func (l *lists) of(tokens []string, now time.Time) (ownlist.List, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range l.all {
		if _, ok := listedSlot(list, tokens); ok && now.Before(list.Expires) {
			return list, true
		}
	}
	return ownlist.List{}, false
}

// from is the list of a practice, as long as its tokens are good.
func (l *lists) from(device [32]byte, now time.Time) (ownlist.List, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range l.all {
		if list.Device == device && now.Before(list.Expires) {
			return list, true
		}
	}
	return ownlist.List{}, false
}

// listedSlot finds the first of these tokens in a list.
func listedSlot(list ownlist.List, tokens []string) (booking.Listed, bool) {
	if len(tokens) == 0 {
		return booking.Listed{}, false
	}
	i := slices.IndexFunc(list.Slots, func(s booking.Listed) bool { return gossip.TokenOf(list.Device, s.ID).String() == tokens[0] })
	if i < 0 {
		return booking.Listed{}, false
	}
	return list.Slots[i], true
}

// ownAttempt is an attempt for slots of a practice's own list.
func (n *Node) ownAttempt(list ownlist.List, tokens []string) (*booking.Attempt, error) {
	if n.home.Network.Get().IsRevoked(list.Device) { // since the list came
		return nil, errShutOut
	}
	var ids []gossip.SlotID
	var slots []gossip.Slot
	for i := range tokens {
		if _, err := gossip.ParseTokenName(tokens[i]); err != nil {
			return nil, err
		}
		s, ok := listedSlot(list, tokens[i:])
		if !ok {
			return nil, booking.ErrSlots
		}
		ids, slots = append(ids, s.ID), append(slots, s.Slot())
	}
	if err := fits(n.home.Network.Policy(), slots); err != nil {
		return nil, err
	}
	return booking.NewOwnAttempt(list.OwnList, ids, n.mailRelays(), n.home.Now())
}

// practiceList asks a practice for its own list. What stands in the way is a state of the answer, not an error.
func (n *Node) practiceList(ctx context.Context, in control.PracticeCode) (control.PracticeList, error) {
	if err := n.home.Network.Usable(); err != nil {
		return control.PracticeList{}, refused(err)
	}
	code, err := ownlist.ParseCode(strings.ToUpper(strings.TrimSpace(in.Code)))
	if err != nil {
		return n.unlisted(err, false), nil
	}
	ctx, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	n.askBundle(ctx)
	if n.home.Network.Get().IsRevoked(code.Device) {
		return n.unlisted(card.ErrRevoked, false), nil
	}
	relays, hinted := n.waysTo(code)
	list, err := n.fetchList(ctx, code.Device, relays)
	if kept, ok := n.lists.from(code.Device, n.home.Now()); ok && errors.Is(err, ownlist.ErrBusy) {
		return n.listed(kept), nil // somebody goes to and fro in the app
	}
	if err != nil {
		return n.unlisted(err, len(code.Hints) > 0 && hinted == 0), nil
	}
	n.lists.put(list)
	return n.listed(list), nil
}

// waysTo are the relays to ask for a way to a practice, those that its code names first, this node's own among them before others; hinted is how many those are.
func (n *Node) waysTo(code ownlist.Code) (relays []peer.AddrInfo, hinted int) {
	all := n.home.Relays("")
	rank := func(info peer.AddrInfo) int {
		switch {
		case slices.ContainsFunc(code.Hints, func(h ownlist.Hint) bool { return h.Names(info.ID) }):
			if n.isMyRelay(info.ID) {
				return 0
			}
			return 1
		case n.isMyRelay(info.ID):
			return 2
		}
		return 3
	}
	slices.SortStableFunc(all, func(a, b peer.AddrInfo) int { return rank(a) - rank(b) })
	for _, info := range all {
		if rank(info) <= 1 {
			hinted++
		}
	}
	return all[:min(len(all), listRelays)], hinted
}

// fetchList asks one relay after the other for a way, until the practice has answered.
func (n *Node) fetchList(ctx context.Context, device [32]byte, relays []peer.AddrInfo) (list ownlist.List, err error) {
	err = errUnreached
	for _, relay := range relays {
		if ctx.Err() != nil {
			break
		}
		list, err = n.fetchThrough(ctx, device, relay)
		if err == nil || stateOf(err) != "offline" {
			return list, err
		}
		n.log.Debug("no way to the practice", "relay", relay.ID) // the error names the practice
	}
	return list, err
}

var (
	errUnreached = errors.New("no relay is known")
	errShutOut   = errors.New("this practice was shut out of the network: do not book here, call it")
)

func (n *Node) fetchThrough(ctx context.Context, device [32]byte, relay peer.AddrInfo) (ownlist.List, error) {
	id, err := host.PeerID(device[:])
	if err != nil {
		return ownlist.List{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, listTry)
	defer cancel()
	through := []peer.AddrInfo{relay}
	defer n.visit(append(through, peer.AddrInfo{ID: id}))()
	host.Through(n.host, id, through, listTry)
	host.Retry(n.host, id)
	return ownlist.Fetch(ctx, n.host, device, n.check(), n.home.Now())
}

// stateOf is the state of control.PracticeList for an error.
func stateOf(err error) string {
	switch {
	case errors.Is(err, ownlist.ErrCode):
		return "code"
	case errors.Is(err, card.ErrRevoked):
		return "revoked"
	case errors.Is(err, booking.ErrLicence), errors.Is(err, ownlist.ErrList), errors.Is(err, ownlist.ErrVersion), errors.Is(err, ownlist.ErrMalformed):
		return "unproven"
	case errors.Is(err, ownlist.ErrClosed):
		return "closed"
	case errors.Is(err, ownlist.ErrBusy):
		return "busy"
	}
	return "offline"
}

// unlisted is the answer when no list came. strange says that the code names relays, and none of this network.
func (n *Node) unlisted(err error, strange bool) control.PracticeList {
	out := control.PracticeList{State: stateOf(err), Message: err.Error(), Slots: []control.Listed{}, Test: n.test()}
	switch {
	case out.State == "revoked":
		out.Message = errShutOut.Error()
	case out.State == "offline" && strange:
		out.State, out.Message = "elsewhere", "this practice is in another network than you, or its poster is very old: ask it for a new one"
	case out.State == "offline":
		out.Message = "the practice is not reached at the moment: try again when it is open, or call it"
	}
	return out
}

// listed is the list as its user sees it: what has begun meanwhile is left out.
func (n *Node) listed(list ownlist.List) control.PracticeList {
	out := control.PracticeList{
		State: "listed", Practice: practiceOf(list.Licence), Licence: list.Licence.ProfessionName, Telematik: list.Licence.TelematikID,
		Slots: []control.Listed{}, Test: n.test(),
	}
	for _, s := range list.Slots {
		if at := s.Visit(); n.home.Now().Before(at.Start) {
			out.Slots = append(out.Slots, control.Listed{ID: gossip.TokenOf(list.Device, s.ID).String(), Start: at.Start, End: at.End, Vaccine: at.Vaccine, Dose: int(at.Dose)})
		}
	}
	return out
}
