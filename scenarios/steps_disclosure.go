package scenarios

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"pieks/card"
	"pieks/node/control"
)

func (r *runner) disclose(ctx context.Context, s DiscloseStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	data := s.Data
	if s.Bytes > 0 && data != "" {
		data = strings.Repeat(data, s.Bytes/len(data)+1)[:s.Bytes]
	}
	var d control.Disclosure
	err = node.Call(ctx, control.MethodDisclose, control.DiscloseStart{Data: []byte(data)}, &d)
	if err == nil && s.As != "" {
		r.disclosures[s.As] = d
	}
	return expected(err, s.Expect)
}

func (r *runner) sign(ctx context.Context, s SignStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	return expected(r.signAt(ctx, node, s), s.Expect)
}

func (r *runner) signAt(ctx context.Context, node *Node, s SignStep) error {
	code := s.Code
	if code == "" {
		d, known := r.disclosures[s.Disclosure]
		if !known {
			return fmt.Errorf("there is no disclosure %q", s.Disclosure)
		}
		code = map[string]string{"": d.Digits, "digits": d.Digits, "words": d.Words, "qr": d.QR}[s.Form]
	}
	var draft control.DiscloseDraft
	if err := node.Call(ctx, control.MethodDiscloseLookup, control.DiscloseCode{Code: code}, &draft); err != nil {
		return err
	}
	signed := control.DiscloseSigned{ID: draft.ID, Virtual: s.Card == ""}
	if !signed.Virtual {
		var err error
		if signed.CMS, err = r.signContent(ctx, card.Kind(s.Card), draft.Content); err != nil {
			return err
		}
	}
	return node.Call(ctx, control.MethodDiscloseDeliver, signed, nil)
}

// signContent signs with a virtual card of the test network's CA.
func (r *runner) signContent(ctx context.Context, kind card.Kind, content []byte) ([]byte, error) {
	test := r.net.made.Bundle.Test
	if test == nil {
		return nil, fmt.Errorf("this is no test network")
	}
	ca, err := card.LoadTestCA(test.PrivateKey, test.Certificate)
	if err != nil {
		return nil, err
	}
	now := time.Now().Truncate(time.Second)
	virtual, err := card.NewVirtual(ca, card.Holder{Kind: kind, Name: "Dr. Scenario", TelematikID: "1-Scenario",
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour)}, sha256.Sum256([]byte(kind)))
	if err != nil {
		return nil, err
	}
	c, err := card.Open(ctx, virtual)
	if err != nil {
		return nil, err
	}
	return card.SignMessage(ctx, c, card.VirtualPIN, card.DisclosureDomain, content, time.Now())
}

func (r *runner) retract(ctx context.Context, s RetractStep) error {
	node, err := r.net.Node(s.At)
	if err != nil {
		return err
	}
	return expected(node.Call(ctx, control.MethodDiscloseCancel, control.DiscloseName{ID: r.disclosures[s.Disclosure].ID}, nil), s.Expect)
}

// disclosureIn looks how far a disclosure is at its patient.
func (r *runner) disclosureIn(ctx context.Context, node *Node, s WaitStep) (bool, string, error) {
	var all []control.Disclosure
	if err := node.Call(ctx, control.MethodDisclosures, nil, &all); err != nil {
		return false, "no disclosures", err
	}
	for _, d := range all {
		if d.ID == r.disclosures[s.Disclosure].ID {
			return d.State == s.State, fmt.Sprintf("the disclosure is %s: %s", d.State, d.Message), nil
		}
	}
	return false, fmt.Sprintf("%s does not know the disclosure", node.Name), nil
}

// listsSeen looks what a node knows of published lists.
func listsSeen(ctx context.Context, node *Node, s WaitStep) (bool, string, error) {
	var seen control.DisclosureLists
	err := node.Call(ctx, control.MethodDiscloseList, nil, &seen)
	ok := (s.Warnings == nil || len(seen.Warnings) == *s.Warnings) && (s.Lists == nil || len(seen.Lists) == *s.Lists) &&
		(s.Queued == nil || seen.Waiting == *s.Queued)
	return ok, fmt.Sprintf("%s knows %d lists, %d warnings, and %d wait", node.Name, len(seen.Lists), len(seen.Warnings), seen.Waiting), err
}
