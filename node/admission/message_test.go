package admission

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/wire"
)

// TestDocumentedExample makes the bytes that the package documentation shows.
func TestDocumentedExample(t *testing.T) {
	doc := strings.NewReplacer("//", "", "\n", "", "\t", "", " ", "").Replace(string(must(os.ReadFile("doc.go"))))
	for name, m := range map[string]any{
		"hello": hello{Version: version, Kind: Client, Region: "506", Extra: []string{"507"}},
		"reply": reply{Version: version, Cycle: 2993544, Effective: 2993544, Regions: []string{"506", "507"}, Bundle: 7},
	} {
		var frame bytes.Buffer
		if err := wire.WriteObject(&frame, m); err != nil {
			t.Fatal(err)
		}
		if want := hex.EncodeToString(frame.Bytes()); !strings.Contains(doc, want) {
			t.Errorf("doc.go does not show the %s:\n%s", name, want)
		}
	}
}

func TestHelloShapes(t *testing.T) {
	pass, cms := &gossip.Pass{Signature: []byte{1}}, []byte{1}
	for name, c := range map[string]struct {
		h    hello
		want Code
	}{
		"client":                  {hello{Version: 1, Kind: Client, Region: "506"}, CodeOK},
		"client with neighbours":  {hello{Version: 1, Kind: Client, Region: "506", Extra: []string{"1", "2", "3"}}, CodeOK},
		"four neighbours":         {hello{Version: 1, Kind: Client, Region: "506", Extra: []string{"1", "2", "3", "4"}}, CodeRegion},
		"long region":             {hello{Version: 1, Kind: Client, Region: "506+12345"}, CodeRegion},
		"long neighbour":          {hello{Version: 1, Kind: Client, Region: "506", Extra: []string{"506+12345"}}, CodeRegion},
		"client with a pass":      {hello{Version: 1, Kind: Client, Region: "506", Pass: pass}, CodeMalformed},
		"front":                   {hello{Version: 1, Kind: Front, Region: "506", Pass: pass}, CodeOK},
		"front without pass":      {hello{Version: 1, Kind: Front, Region: "506"}, CodeMalformed},
		"front with neighbours":   {hello{Version: 1, Kind: Front, Region: "506", Pass: pass, Extra: []string{"507"}}, CodeMalformed},
		"desk":                    {hello{Version: 1, Kind: Desk, Enrolment: cms}, CodeOK},
		"desk without enrolment":  {hello{Version: 1, Kind: Desk}, CodeMalformed},
		"desk with a region":      {hello{Version: 1, Kind: Desk, Enrolment: cms, Region: "506"}, CodeMalformed},
		"desk with a large one":   {hello{Version: 1, Kind: Desk, Enrolment: make([]byte, card.MaxEnrolment+1)}, CodeMalformed},
		"a relay does not ask":    {hello{Version: 1, Kind: Relay}, CodeMalformed},
		"nobody":                  {hello{Version: 1}, CodeMalformed},
		"version 2":               {hello{Version: 2, Kind: Client, Region: "506"}, CodeVersion},
		"version 0, all the same": {hello{Kind: 77}, CodeVersion},
	} {
		if got := checkHello(c.h); got != c.want {
			t.Errorf("%s: code %d, want %d", name, got, c.want)
		}
	}
}

func TestLimitsHoldTheLargestMessages(t *testing.T) {
	pass := &gossip.Pass{Epoch: 1 << 62, Signature: make([]byte, 384)}
	for name, h := range map[string]hello{
		"front": {Version: 1, Kind: Front, Region: "506+1234", Pass: pass},
		"desk":  {Version: 1, Kind: Desk, Enrolment: make([]byte, card.MaxEnrolment)},
	} {
		if n := len(must(wire.Marshal(h))); n > maxHelloFrame {
			t.Errorf("%s has %d bytes, limit %d", name, n, maxHelloFrame)
		}
	}
	region := "506+1234"
	r := reply{Version: 1, Code: 255, Cycle: 1 << 63, Effective: 1 << 63, Regions: []string{region, region, region, region}, Until: 1 << 63, Bundle: 1 << 63}
	if n := len(must(wire.Marshal(r))); n > maxReplyFrame {
		t.Errorf("reply has %d bytes, limit %d", n, maxReplyFrame)
	}
}

func TestEveryCodeHasItsOwnSentence(t *testing.T) {
	seen := map[string]bool{}
	for c := CodeMalformed; c <= CodeNoBundle; c++ {
		err := c.err()
		if err == nil || codeErrors[c] == nil || seen[err.Error()] {
			t.Errorf("code %d: %v", c, err)
			continue
		}
		seen[err.Error()] = true
	}
	if Code(99).err() == nil {
		t.Error("an unknown code is no error")
	}
}

func FuzzHello(f *testing.F) {
	f.Add(must(wire.Marshal(hello{Version: 1, Kind: Client, Region: "506", Extra: []string{"507"}})))
	f.Add(must(wire.Marshal(hello{Version: 1, Kind: Front, Region: "506", Pass: &gossip.Pass{Signature: []byte{1}}})))
	f.Add(must(wire.Marshal(hello{Version: 1, Kind: Desk, Enrolment: []byte{1}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var h hello
		if wire.Unmarshal(data, &h) != nil || checkHello(h) != CodeOK {
			return
		}
		if (h.Kind == Front) != (h.Pass != nil) || (h.Kind == Desk) != (len(h.Enrolment) > 0) || len(h.Extra) > MaxExtra {
			t.Fatal("accepted another shape")
		}
	})
}

func FuzzReply(f *testing.F) {
	f.Add(must(wire.Marshal(reply{Version: 1, Cycle: 5, Regions: []string{"506"}, Bundle: 7})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r reply
		if wire.Unmarshal(data, &r) == nil && checkReply(r) == nil && len(r.Regions) > 1+MaxExtra {
			t.Fatal("accepted another shape")
		}
	})
}
