package patient

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/node/control"
	"pieks/node/disclosure"
)

// disclose registers data, or the waiting rooms of the last days, for publication.
func (n *Node) disclose(ctx context.Context, in control.DiscloseStart) (control.Disclosure, error) {
	var none control.Disclosure
	if err := n.home.Network.Usable(); err != nil {
		return none, control.Errorf(control.KindUnavailable, "%w", err)
	}
	data := in.Data
	var rooms []room
	if len(data) == 0 {
		var err error
		if rooms, err = loadRooms(n.home.Store, n.home.Now()); err != nil {
			return none, err
		}
		if len(rooms) == 0 {
			return none, control.Errorf(control.KindConflict, "%w", errNoRooms)
		}
		rooms = rooms[:min(len(rooms), disclosure.MaxRooms)] // the newest
		keys := make([][32]byte, len(rooms))
		for i, r := range rooms {
			keys[i] = r.Key
		}
		if data, err = disclosure.NewWarning(keys); err != nil {
			return none, err
		}
	}
	e, err := n.disclosures.start(ctx, data, rooms)
	if errors.Is(err, disclosure.ErrData) {
		return none, control.Errorf(control.KindUsage, "%w", err)
	}
	if err != nil {
		return none, control.Errorf(control.KindUnavailable, "%w", err)
	}
	return n.disclosures.shown(e), nil
}

func (n *Node) listDisclosures(context.Context) ([]control.Disclosure, error) {
	list := []control.Disclosure{}
	for _, e := range n.disclosures.all() {
		list = append(list, n.disclosures.shown(e))
	}
	return list, nil
}

func (n *Node) cancelDisclosure(_ context.Context, in control.DiscloseName) (control.Disclosure, error) {
	e, err := n.disclosures.cancel(in.ID)
	switch {
	case errors.Is(err, errNone):
		return control.Disclosure{}, control.Errorf(control.KindNotFound, "%w", err)
	case err != nil:
		return control.Disclosure{}, control.Errorf(control.KindConflict, "%w", err)
	}
	return n.disclosures.shown(e), nil
}

// shown is a disclosure as its own user sees it.
func (d *disclosures) shown(e *disclosureEntry) control.Disclosure {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := control.Disclosure{
		ID: e.id.String(), State: e.rec.State.String(), Until: time.Unix(int64(e.rec.Until), 0).UTC(), Message: e.rec.Message, By: e.rec.By,
		Rooms: int(e.rec.RoomCount), Test: d.node.test(),
	}
	c := e.rec.Consent
	if c == nil {
		return out
	}
	out.Bytes = len(c.Data)
	if e.rec.State != disclosureWaiting {
		return out
	}
	out.Digits, out.Words = c.Code.Digits(), c.Code.Words()
	if relay, err := peer.Decode(e.rec.Relay); err == nil {
		if qr, err := disclosure.QR(relay, c.Code, c.Commitment()); err == nil {
			out.QR = qr
		}
	}
	return out
}

// listLists shows what was published, and what of it concerns this node's people.
func (n *Node) listLists(ctx context.Context) (control.DisclosureLists, error) {
	out := control.DisclosureLists{Lists: []control.DisclosureList{}, Warnings: []control.Warning{}}
	if err := n.matchWarnings(ctx); err != nil {
		return out, err
	}
	lists, err := loadLists(n.home.Store)
	if err != nil {
		return out, err
	}
	for _, l := range lists {
		shown := control.DisclosureList{Number: l.Number, Issued: time.Unix(int64(l.Issued), 0).UTC(), Items: int(l.Items)}
		if id, err := peer.Decode(l.Relay); err == nil {
			shown.Relay = n.home.Operator(id)
		}
		out.Lists = append(out.Lists, shown)
	}
	slices.SortFunc(out.Lists, func(a, b control.DisclosureList) int { return b.Issued.Compare(a.Issued) })
	rooms, err := loadRooms(n.home.Store, n.home.Now())
	if err != nil {
		return out, err
	}
	for _, r := range rooms {
		if r.Warned != 0 {
			out.Warnings = append(out.Warnings, control.Warning{
				Day: gossip.DateOf(r.Day).Format(time.DateOnly), Practice: r.Practice, Seen: time.Unix(int64(r.Warned), 0).UTC(),
			})
		}
	}
	return out, nil
}
