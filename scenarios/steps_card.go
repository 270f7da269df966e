package scenarios

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"time"

	"pieks/card"
	"pieks/node/control"
	"pieks/node/network"
)

func (r *runner) enrol(ctx context.Context, s EnrolStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	return expected(r.enrolAt(ctx, node, s), s.Expect)
}

func (r *runner) enrolAt(ctx context.Context, node *Node, s EnrolStep) error {
	kind := card.SMCB
	if s.Card != "" {
		kind = card.Kind(s.Card)
	}
	o := card.VirtualOptions{Seed: sha256.Sum256([]byte(node.Name)), Profession: s.Profession}
	if s.CA != "" {
		o.CASeed = sha256.Sum256([]byte(s.CA))
	}
	virtual, _, err := card.NewVirtualOf(kind, o)
	if err != nil {
		return err
	}
	c, err := card.Open(ctx, virtual)
	if err != nil {
		return err
	}
	var begun control.EnrolmentContent
	if err := node.Call(ctx, control.MethodEnrolmentBegin, control.EnrolmentBegin{Certificate: virtual.Certificate()}, &begun); err != nil {
		return err
	}
	statement, err := card.ParseContent(begun.Content)
	if err != nil {
		return err
	}
	pin := card.VirtualPIN
	if s.PIN != "" {
		pin = card.PIN(s.PIN)
	}
	cms, err := card.Enrol(ctx, c, pin, statement, time.Now())
	if err != nil {
		return err
	}
	r.certificates[node.Name] = virtual.Certificate()
	return node.Call(ctx, control.MethodEnrolmentFinish, control.EnrolmentFinish{CMS: cms}, nil)
}

// revoke does what operators do: the next network file, signed by two of them, handed to one relay that runs.
func (r *runner) revoke(ctx context.Context, s RevokeStep) error {
	change, err := r.revocation(ctx, s)
	if err != nil {
		return err
	}
	next, err := network.Revise(r.net.made.Bundle, time.Now(), change)
	if err != nil {
		return err
	}
	signed, err := network.Sign(next, r.net.made.OperatorKeys[0], r.net.made.OperatorKeys[1])
	if err != nil {
		return err
	}
	relay, err := r.net.Node("relay-1")
	if err != nil {
		return err
	}
	var taken control.NetworkTaken
	if err := relay.Call(ctx, control.MethodNetwork, control.NetworkFile{File: signed}, &taken); err != nil {
		return err
	}
	if !taken.Accepted {
		return errors.New("the relay has a newer network file")
	}
	r.net.made.Bundle, r.net.made.Signed = next, signed
	return os.WriteFile(r.net.file, signed, 0o600)
}

func (r *runner) revocation(ctx context.Context, s RevokeStep) (func(*network.Bundle), error) {
	put := network.Revoke
	if s.Lift {
		put = network.Restore
	}
	if s.Card != "" {
		der, known := r.certificates[s.Card]
		if !known {
			return nil, fmt.Errorf("%s has not enrolled with a card", s.Card)
		}
		return func(b *network.Bundle) { b.RevokedCards = put(b.RevokedCards, sha256.Sum256(der)) }, nil
	}
	node, err := r.net.Node(s.Device)
	if err != nil {
		return nil, err
	}
	var e control.Enrolment
	if err := node.Call(ctx, control.MethodEnrolment, nil, &e); err != nil {
		return nil, err
	}
	device, err := network.ParseDevice(e.Device)
	return func(b *network.Bundle) { b.Revoked = put(b.Revoked, device) }, err
}
