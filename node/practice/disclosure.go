package practice

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"pieks/card"
	"pieks/node/admission"
	"pieks/node/control"
	"pieks/node/disclosure"
)

const (
	// lookupTimeout covers all relays of the network, some of which are away.
	lookupTimeout = 20 * time.Second
	// dialAtOnce: relays that are dialled at the same time.
	dialAtOnce = 8
	// maxDrafts: codes that were looked up and not signed; a consultation takes minutes.
	maxDrafts = 64
)

var errNoRelay = errors.New("no relay that may have this code is reached: check the internet connection and try again")

// drafts are what professionals looked up to sign. Nothing of them is written down: what a practice has to keep of a disclosure it keeps in its own
// records.
type drafts struct {
	mu  sync.Mutex
	all map[string]*draft
}

type draft struct {
	scanned    disclosure.Scanned
	registered disclosure.Registered
	content    []byte
	until      time.Time
	signed     string // by whom; empty: not yet
}

// lookUp finds out what a patient's code stands for, at the relay that the QR code names, or at any of the network.
func (n *Node) lookUp(ctx context.Context, in control.DiscloseCode) (control.DiscloseDraft, error) {
	var none control.DiscloseDraft
	scanned, err := disclosure.ParseCode(in.Code)
	if err != nil {
		return none, control.Errorf(control.KindUsage, "%w", err)
	}
	if err := n.usable(); err != nil {
		return none, control.Errorf(control.KindUnavailable, "%w", err)
	}
	registered, err := n.askRelays(ctx, scanned)
	switch {
	case errors.Is(err, disclosure.ErrUnknown):
		return none, control.Errorf(control.KindNotFound, "%w", disclosure.ErrUnknown)
	case errors.Is(err, disclosure.ErrTwo), errors.Is(err, disclosure.ErrSwapped), errors.Is(err, disclosure.ErrOther):
		return none, control.Errorf(control.KindConflict, "%w", err)
	case err != nil:
		return none, control.Errorf(control.KindUnavailable, "%w", err)
	}
	d := &draft{scanned: scanned, registered: registered}
	now := n.home.Now()
	if d.content, d.until, err = disclosure.Prepare(scanned, registered, now); err != nil {
		return none, control.Errorf(control.KindConflict, "%w", err)
	}
	return control.DiscloseDraft{
		ID: n.drafts.put(d, now), Commitment: hex.EncodeToString(registered.Commitment[:]), Scanned: scanned.Commitment != nil,
		Relay: n.home.Operator(registered.Relay), Issued: now.UTC(), Until: d.until.UTC(), Content: d.content,
		Virtual: n.home.Network.Get().Test != nil, Test: n.home.Network.Get().IsTest(),
	}, nil
}

// askRelays looks a code up at the relays that may have it. In QR mode the commitment is compared here, before anything is signed.
func (n *Node) askRelays(ctx context.Context, s disclosure.Scanned) (disclosure.Registered, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	relays := n.home.Relays("")
	if s.Relay != "" {
		relays = n.home.RelayInfos([]string{s.Relay})
	}
	reached := n.admitAt(ctx, relays)
	if len(reached) == 0 {
		return disclosure.Registered{}, errNoRelay
	}
	r, err := disclosure.Find(ctx, n.openedDesk().host, reached, s)
	if err != nil {
		return r, err
	}
	return r, s.Match(r)
}

// admitAt has the desk known at relays, and gives those that are there.
func (n *Node) admitAt(ctx context.Context, relays []peer.AddrInfo) []peer.ID {
	var mu sync.Mutex
	var reached []peer.ID
	var dialling errgroup.Group
	dialling.SetLimit(dialAtOnce)
	for _, relay := range relays {
		dialling.Go(func() error {
			if err := n.admitDesk(ctx, relay); err != nil {
				n.log.Info("relay not asked for a disclosure", "relay", relay.ID, "err", err)
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			reached = append(reached, relay.ID)
			return nil
		})
	}
	_ = dialling.Wait() // who was not reached is left out
	return reached
}

// admitDesk connects the desk with a relay and tells it who this is, unless it knows.
func (n *Node) admitDesk(ctx context.Context, relay peer.AddrInfo) error {
	d := n.openedDesk()
	if slices.Contains(d.circuits.Reserved(), relay.ID) {
		return nil
	}
	if err := connect(ctx, d.host, relay); err != nil {
		return err
	}
	_, err := admission.HelloDesk(ctx, d.host, relay.ID, n.enrolment())
	return err
}

// deliver hands what a card has signed to the patient's relay.
func (n *Node) deliverSigned(ctx context.Context, in control.DiscloseSigned) (control.Disclosure, error) {
	var none control.Disclosure
	d := n.drafts.get(in.ID)
	if d == nil {
		return none, control.Errorf(control.KindNotFound, "This code was not looked up here, or too long ago: look it up again.")
	}
	roots, now := n.home.Network.Get().CardRoots(), n.home.Now()
	cms := in.CMS
	if in.Virtual {
		var err error
		if cms, err = n.signVirtual(ctx, d, now); err != nil {
			return none, err
		}
	}
	_, by, err := disclosure.Verify(cms, roots, now)
	if err != nil {
		return none, control.Errorf(control.KindConflict, "%w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	infos := n.home.RelayInfos([]string{d.registered.Relay.String()})
	if len(infos) == 0 {
		return none, control.Errorf(control.KindUnavailable, "The patient's relay has left the network: let the patient begin anew.")
	}
	err = n.admitDesk(ctx, infos[0])
	if err == nil {
		err = disclosure.Deliver(ctx, n.openedDesk().host, d.registered, cms)
	}
	if err != nil {
		return none, control.Errorf(control.KindUnavailable, "%w", err)
	}
	n.drafts.mu.Lock()
	defer n.drafts.mu.Unlock()
	d.signed = fmt.Sprintf("%s, %s", by.Holder, by.ProfessionName)
	return d.shown(in.ID, n.home.Network.Get().IsTest()), nil
}

// signVirtual signs with the virtual card of a physician, certified by the test network's own CA.
func (n *Node) signVirtual(ctx context.Context, d *draft, now time.Time) ([]byte, error) {
	bundle := n.home.Network.Get()
	if bundle.Test == nil {
		return nil, control.Errorf(control.KindConflict, "This is no test network: a card has to sign.")
	}
	ca, err := card.LoadTestCA(bundle.Test.PrivateKey, bundle.Test.Certificate)
	if err != nil {
		return nil, err
	}
	key, err := n.home.SigningKey(ctx, "virtual professional")
	if err != nil {
		return nil, err
	}
	holder := card.Holder{Kind: card.HBA, Name: "Dr. " + n.told().Place, TelematikID: "1-HBA-Testkarte-883110000129071",
		NotBefore: now.Add(-virtualLead).Truncate(time.Second), NotAfter: now.Add(enrolmentLife).Truncate(time.Second)}
	virtual, err := card.NewVirtual(ca, holder, sha256.Sum256(key.Seed()))
	if err != nil {
		return nil, err
	}
	c, err := card.Open(ctx, virtual)
	if err != nil {
		return nil, err
	}
	return card.SignMessage(ctx, c, card.VirtualPIN, disclosure.Domain, d.content, now)
}

// virtualLead: a test card is good already by a slow clock.
const virtualLead = time.Hour

// listSigned is the professional's view: what was signed here. Published lists are for patients' nodes.
func (n *Node) listSigned(ctx context.Context) (control.DisclosureLists, error) {
	signed, err := n.signedDisclosures(ctx)
	return control.DisclosureLists{Lists: []control.DisclosureList{}, Warnings: []control.Warning{}, Signed: signed}, err
}

// signedDisclosures are those that were signed here and may still be on their way.
func (n *Node) signedDisclosures(context.Context) ([]control.Disclosure, error) {
	n.drafts.mu.Lock()
	defer n.drafts.mu.Unlock()
	list := []control.Disclosure{}
	for id, d := range n.drafts.all {
		if d.signed != "" {
			list = append(list, d.shown(id, n.home.Network.Get().IsTest()))
		}
	}
	slices.SortFunc(list, func(a, b control.Disclosure) int { return b.Until.Compare(a.Until) })
	return list, nil
}

func (d *draft) shown(id string, test bool) control.Disclosure {
	return control.Disclosure{ID: id, State: "signed", Until: d.until.UTC(), By: d.signed, Test: test}
}

// put keeps a draft and names it. What is over goes, and when there are too many the one that ends first.
func (s *drafts) put(d *draft, now time.Time) string {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails
	s.mu.Lock()
	defer s.mu.Unlock()
	first := ""
	for id, other := range s.all {
		if now.After(other.until) {
			delete(s.all, id)
		} else if first == "" || other.until.Before(s.all[first].until) {
			first = id
		}
	}
	if len(s.all) >= maxDrafts {
		delete(s.all, first)
	}
	id := hex.EncodeToString(raw[:])
	s.all[id] = d
	return id
}

func (s *drafts) get(id string) *draft {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[id]
}
