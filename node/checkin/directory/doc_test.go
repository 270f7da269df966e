package directory

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// The example, numbers and codes in doc.go are those of the code.
func TestDocumented(t *testing.T) {
	doc := strings.ReplaceAll(string(must(os.ReadFile("doc.go"))), "\n// ", "\n")
	signed, enrolment := seedListing().Bytes()
	text := hex.EncodeToString(signed)
	for ; len(text) > 0; text = text[min(64, len(text)):] {
		if line := "\n//\t" + text[:min(64, len(text))] + "\n"; !strings.Contains(doc, line) {
			t.Errorf("doc.go lacks %q", line)
		}
	}
	r := (&item{device: seedListing().Device, seq: 7, card: cardHash(seedListing())}).row()
	for _, want := range []string{
		fmt.Sprintf("%x %x %x", r[:8], r[8:16], r[16:]),
		fmt.Sprintf("frame of %s bytes, the marks", thousands(marksBytes)), fmt.Sprintf("A row has %d bytes", rowBytes),
		fmt.Sprintf("at most %s in a frame", thousands(indexRows)), fmt.Sprintf("at most %s of %d bytes", thousands(maxWants), wantBytes),
		fmt.Sprintf("at most %s bytes, over", thousands(maxListing)), fmt.Sprintf("CMS, at most %s bytes", thousands(maxCard)),
		fmt.Sprintf("%s listings, four of one", thousands(maxListings)), fmt.Sprintf("%s withdrawn ones", thousands(maxWithdrawn)),
		fmt.Sprintf("the first frame of a stream, at most %d bytes", headBytes), fmt.Sprintf("The answer, at most %d bytes", answerBytes),
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("doc.go lacks %q", want)
		}
	}
	for c := range codes {
		if !strings.Contains(doc, fmt.Sprintf("\n//\t%2d ", c)) {
			t.Errorf("doc.go lacks code %d", c)
		}
	}
	if _, err := Parse(signed, enrolment); err != nil {
		t.Error(err)
	}
	if maxCard != card.MaxEnrolment || maxPerInstitution != 4 {
		t.Error("limits of others have changed")
	}
}

// thousands writes a number as the text does.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// The largest listing fits into its limit, and with the largest card into a record and 4 KiB.
func TestLargestListing(t *testing.T) {
	d := Draft{Enrolment: make([]byte, maxCard), Alias: strings.Repeat("a", MaxAlias)}
	for range MaxRelays {
		d.Relays = append(d.Relays, strings.Repeat("a", maxRelayText))
	}
	for day := range 7 {
		for span := range 4 {
			d.Hours = append(d.Hours, Hours{uint8(day + 1), uint16(300 + 100*span), uint16(390 + 100*span)})
		}
	}
	l, err := Sign(hosttest.Key(1), 1<<63, d, time.Unix(maxUnix-int64(Life/time.Second), 0))
	if err != nil || len(l.signed) > maxListing {
		t.Fatalf("%d bytes: %v", len(l.signed), err)
	}
	if r := must(wire.Marshal(record{Listing: l.signed, Card: l.card})); len(r) > recordBytes || len(r) > 4096 {
		t.Errorf("a record has %d bytes", len(r))
	}
}
