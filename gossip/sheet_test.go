package gossip

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pieks/gossip/wire"
)

func TestSheetKeepsItsContent(t *testing.T) {
	p := network().good(1)
	want := p.sheet(40)
	signed := p.sign(t, want)
	got, err := ParseSheet(signed.Raw)
	if err != nil {
		t.Fatal(err)
	}
	want.Version = SheetVersion
	slices.SortFunc(want.Slots, func(a, b Slot) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if !reflect.DeepEqual(got.Sheet, want) || got.Hash != signed.Hash || !bytes.Equal(got.Raw, signed.Raw) {
		t.Fatalf("got %+v", got.Sheet)
	}
	for _, slot := range want.Slots {
		if found, ok := got.Sheet.Slot(slot.ID); !ok || found != slot {
			t.Fatalf("slot %x: %+v %v", slot.ID, found, ok)
		}
	}
	if _, ok := got.Sheet.Slot(SlotID{1}); ok {
		t.Error("found a slot that is not there")
	}
}

func TestSignSheetIsDeterministic(t *testing.T) {
	p := network().good(1)
	s := p.sheet(20)
	first := p.sign(t, s)
	slices.Reverse(s.Slots)
	if second := p.sign(t, s); !bytes.Equal(first.Raw, second.Raw) {
		t.Error("the order in which slots were listed shows in the sheet")
	}
}

// Every bit of a signed sheet, case 3 of crypto.md section 9.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	n := network()
	p := n.good(1)
	raw := p.sign(t, p.sheet(12)).Raw
	v := n.validator(noon)
	if _, err := v.Check(raw, "50"); err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << bit
			if _, err := v.Check(bad, "50"); err == nil {
				t.Fatalf("bit %d of byte %d of %d may be flipped", bit, i, len(raw))
			}
		}
	}
}

// A practice that signs what it wants must still not get past the pass: every bit of it, signed anew by P.
func TestEveryFlippedBitOfThePassIsRefused(t *testing.T) {
	n := network()
	p := n.good(1)
	pass, err := wire.Marshal(p.pass)
	if err != nil {
		t.Fatal(err)
	}
	v := n.validator(noon)
	for i := range pass {
		for bit := range 8 {
			bad := bytes.Clone(pass)
			bad[i] ^= 1 << bit
			var got Pass
			if wire.Unmarshal(bad, &got) != nil || got.P != p.pass.P || len(got.Signature) != passSignatureBytes {
				continue // refused by form, or by the signature of another P
			}
			s := p.sheet(1)
			s.Pass = got
			_, err := v.Check(p.sign(t, s).Raw, "")
			if !errors.Is(err, ErrPass) && !errors.Is(err, ErrIssuer) && !errors.Is(err, ErrEpoch) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
	}
}

func TestSheetSizes(t *testing.T) {
	n := network()
	p := n.good(1)
	v := n.validator(noon)

	largest := p.sheet(MaxSlots)
	largest.Area = strings.Repeat("5", maxAreaText)
	largest.Relays = append(largest.Relays, testPeer(3))
	for i := range largest.Slots {
		largest.Slots[i].Vaccine = strings.Repeat("v", maxVaccineText)
		largest.Slots[i].Day = 1 << 31
	}
	if raw := p.sign(t, largest).Raw; len(raw) > MaxSheetBytes {
		t.Errorf("the largest sheet has %d bytes", len(raw))
	}
	if _, err := v.Check(p.sign(t, p.sheet(MaxSlots)).Raw, ""); err != nil {
		t.Errorf("200 slots: %v", err)
	}

	if _, err := SignSheet(p.sheet(MaxSlots+1), p.key); !errors.Is(err, ErrSize) {
		t.Errorf("signing 201 slots: %v", err)
	}
	s := p.sheet(MaxSlots + 1)
	if _, err := v.Check(forge(t, s, p.key), ""); !errors.Is(err, ErrSize) {
		t.Errorf("201 slots: %v", err)
	}
	s = p.sheet(1)
	s.Relays = []string{testPeer(1), testPeer(2), testPeer(3), testPeer(4)}
	if _, err := v.Check(forge(t, s, p.key), ""); !errors.Is(err, ErrSize) {
		t.Errorf("4 relays: %v", err)
	}
	if raw := forge(t, p.sheet(440), p.key); len(raw) < 17<<10 {
		t.Errorf("meant to be 17 KiB, is %d bytes", len(raw))
	} else if _, err := v.Check(raw, ""); !errors.Is(err, ErrSize) {
		t.Errorf("17 KiB: %v", err)
	}
	for _, size := range []int{MaxSheetBytes, MaxSheetBytes + 1, 256 << 10} {
		_, err := v.Check(make([]byte, size), "")
		if want := size > MaxSheetBytes; errors.Is(err, ErrSize) != want || err == nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// forge signs what SignSheet would refuse.
func forge(t testing.TB, s Sheet, key ed25519.PrivateKey) []byte {
	t.Helper()
	if s.Version == 0 {
		s.Version = SheetVersion
	}
	raw, err := wire.SignObject(SheetType, key, &s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sorted gives a sheet whose slots are in order, as SignSheet would put them.
func sorted(s Sheet) Sheet {
	slices.SortFunc(s.Slots, func(a, b Slot) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return s
}

// What every honest node refuses at any time: such a sheet is never signed, and whoever forwards it is at fault.
func TestFormOfASheet(t *testing.T) {
	n := network()
	p, other := n.good(1), n.good(2)
	for name, c := range map[string]struct {
		change func(*Sheet)
		want   error
	}{
		"no sequence number":        {func(s *Sheet) { s.Seq = 0 }, ErrTimes},
		"expires when issued":       {func(s *Sheet) { s.Expires = s.Issued }, ErrTimes},
		"expires before issued":     {func(s *Sheet) { s.Expires = s.Issued - 1 }, ErrTimes},
		"expires beyond arithmetic": {func(s *Sheet) { s.Expires = maxInstant + 1 }, ErrTimes},
		"expires at 2^64-1":         {func(s *Sheet) { s.Expires = 1<<64 - 1 }, ErrTimes},
		"no area":                   {func(s *Sheet) { s.Area = "" }, ErrForm},
		"long area":                 {func(s *Sheet) { s.Area = strings.Repeat("5", maxAreaText+1) }, ErrForm},
		"short pass":                {func(s *Sheet) { s.Pass.Signature = s.Pass.Signature[1:] }, ErrForm},
		"no pass":                   {func(s *Sheet) { s.Pass.Signature = nil }, ErrForm},
		"long pass":                 {func(s *Sheet) { s.Pass.Signature = append(s.Pass.Signature[:384:384], 0) }, ErrForm},
		"relay is no peer ID":       {func(s *Sheet) { s.Relays[0] = "relay.example" }, ErrForm},
		"relay as a CID":            {func(s *Sheet) { s.Relays[0] = "z5AanNVJCxnKzpuh6gC19FM5dipBLkwE2G8bX7UMi9YPLYBAcAx6uSQ" }, ErrForm},
		"relay with a space":        {func(s *Sheet) { s.Relays[0] += " " }, ErrForm},
		"relay of no digits":        {func(s *Sheet) { s.Relays[0] = "1111" }, ErrForm},
		"empty relay":               {func(s *Sheet) { s.Relays[0] = "" }, ErrForm},
		"relay twice":               {func(s *Sheet) { s.Relays[1] = s.Relays[0] }, ErrForm},
		"slot twice":                {func(s *Sheet) { s.Slots[1] = s.Slots[0] }, ErrForm},
		"same slot id":              {func(s *Sheet) { s.Slots[1].ID = s.Slots[0].ID }, ErrForm},
		"part of day 4":             {func(s *Sheet) { s.Slots[0].Part = 4 }, ErrForm},
		"no vaccine":                {func(s *Sheet) { s.Slots[0].Vaccine = "" }, ErrForm},
		"long vaccine":              {func(s *Sheet) { s.Slots[0].Vaccine = strings.Repeat("v", maxVaccineText+1) }, ErrForm},
		"pass of another":           {func(s *Sheet) { s.Pass = other.pass }, ErrSignature},
	} {
		s := p.sheet(3)
		s.Pass.Signature = bytes.Clone(s.Pass.Signature)
		c.change(&s)
		if _, err := SignSheet(s, p.key); !errors.Is(err, c.want) {
			t.Errorf("sign with %s: %v, want %v", name, err, c.want)
		}
		raw := forge(t, sorted(s), p.key)
		for what, err := range map[string]error{"parse": second(ParseSheet(raw)), "check": second(n.validator(noon).Check(raw, ""))} {
			if !errors.Is(err, c.want) || VerdictOf(err) != c.want.(*Refusal).verdict {
				t.Errorf("%s with %s: %v, want %v", what, name, err, c.want)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSlotsOutOfOrderAreRefused(t *testing.T) {
	p := network().good(1)
	s := sorted(p.sheet(3))
	s.Slots[0], s.Slots[1] = s.Slots[1], s.Slots[0]
	if _, err := ParseSheet(forge(t, s, p.key)); !errors.Is(err, ErrForm) {
		t.Errorf("got %v", err)
	}
}

func TestSheetOfAnotherVersion(t *testing.T) {
	n := network()
	p := n.good(1)
	for version, want := range map[uint8]error{0: ErrVersion, 2: ErrVersion, 23: ErrVersion, 24: ErrVersion, 255: ErrVersion} {
		s := sorted(p.sheet(2))
		s.Version = version
		raw, err := wire.SignObject(SheetType, p.key, &s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.validator(noon).Check(raw, ""); !errors.Is(err, want) {
			t.Errorf("version %d: %v", version, err)
		}
	}
	// A later version may have other fields: it is still told apart from rubbish.
	later := struct {
		Version uint8  `cbor:"1,keyasint"`
		Other   string `cbor:"9,keyasint"`
	}{2, "x"}
	raw, err := wire.SignObject(SheetType, p.key, later)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseSheet(raw); !errors.Is(err, ErrVersion) {
		t.Errorf("later version: %v", err)
	}
}

// A signature by P over anything else is none over a sheet.
func TestSheetSignedAsAnotherType(t *testing.T) {
	p := network().good(1)
	s := sorted(p.sheet(2))
	s.Version = SheetVersion
	raw, err := wire.SignObject("pieks/cycle/1", p.key, &s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseSheet(raw); !errors.Is(err, ErrSignature) {
		t.Errorf("got %v", err)
	}
	if _, err := ParseSheet(forge(t, s, network().good(2).key)); !errors.Is(err, ErrSignature) {
		t.Errorf("another key: %v", err)
	}
}

func TestDecodeSheetRefusesOtherEncodings(t *testing.T) {
	p := network().good(1)
	s := sorted(p.sheet(2))
	s.Version = SheetVersion
	good, err := wire.Marshal(&s)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new []byte) []byte { return bytes.Replace(good, old, new, 1) }
	area := append([]byte{0x65}, "50667"...)
	day := binary.BigEndian.AppendUint16([]byte{2, 0x19}, uint16(s.Slots[0].Day))
	for name, payload := range map[string][]byte{
		"empty":             {},
		"trailing byte":     append(bytes.Clone(good), 0),
		"long version":      replace([]byte{0xa8, 1, 1}, []byte{0xa8, 1, 0x18, 1}),
		"nine entries":      replace([]byte{0xa8}, []byte{0xa9}),
		"indefinite map":    append(append([]byte{0xbf}, good[1:]...), 0xff),
		"long text":         replace(area, append([]byte{0x78, 5}, area[1:]...)),
		"bytes for text":    replace(area, append([]byte{0x45}, area[1:]...)),
		"text is not UTF-8": replace(area, append([]byte{0x65}, "5066\xff"...)),
		"null for a list":   append(bytes.Clone(good[:bytes.LastIndex(good, []byte{8, 0x82})]), 8, 0xf6),
		"day 2^32":          replace(day, append([]byte{2, 0x1b, 0, 0, 0, 1}, 0, 0, day[2], day[3])),
		"part 256":          replace(append(day, 3, 0), append(day[:4:4], 3, 0x19, 1, 0)),
		"P says 33 bytes":   replace(append([]byte{0x58, 0x20}, p.pass.P[:]...), append([]byte{0x58, 0x21}, p.pass.P[:]...)),
		"a later key":       replace(append([]byte{3}, area...), append([]byte{7}, area...)),
		"another key":       replace([]byte{0xa8, 1, 1}, []byte{0xa8, 0, 1}),
		"P one byte short":  replace(append([]byte{0x58, 0x20}, p.pass.P[:]...), append([]byte{0x58, 0x1f}, p.pass.P[1:]...)),
		"P one byte long":   replace(append([]byte{0x58, 0x20}, p.pass.P[:]...), append([]byte{0x58, 0x21, 0}, p.pass.P[:]...)),
	} {
		if bytes.Equal(payload, good) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := decodeSheet(payload); !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
		if err := wire.Unmarshal(payload, new(Sheet)); err == nil && name != "null for a list" {
			t.Errorf("%s: the general decoder takes it", name)
		}
	}
	for i := range good {
		if _, err := decodeSheet(good[:i]); !errors.Is(err, ErrForm) {
			t.Fatalf("first %d of %d bytes: %v", i, len(good), err)
		}
	}
}

// The strict reader and the general one take the same bytes for the same sheets: good ones, odd ones, and damaged ones.
func TestDecodersAgree(t *testing.T) {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "50667", "506+2", "comirnaty", testPeer(1)}), rapid.StringN(0, 40, 70))
	number := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, 23, 24, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32}))
	fill := func(t *rapid.T, to []byte) { copy(to, rapid.SliceOfN(rapid.Byte(), len(to), len(to)).Draw(t, "bytes")) }
	rapid.Check(t, func(t *rapid.T) {
		s := Sheet{Version: rapid.Uint8().Draw(t, "version"), Area: text.Draw(t, "area"), Seq: number.Draw(t, "seq"), Issued: number.Draw(t, "issued"),
			Expires: number.Draw(t, "expires"), Relays: rapid.SliceOfN(text, 0, 4).Draw(t, "relays"), Slots: []Slot{}}
		s.Pass.Epoch = number.Draw(t, "epoch")
		fill(t, s.Pass.P[:])
		s.Pass.Signature = make([]byte, rapid.SampledFrom([]int{384, 384, 384, 383, 385, 0}).Draw(t, "signature"))
		for range rapid.SampledFrom([]int{0, 1, 3, 30, 200, 201}).Draw(t, "slots") {
			slot := Slot{Day: uint32(number.Draw(t, "day")), Part: Part(rapid.Uint8().Draw(t, "part")), Vaccine: text.Draw(t, "vaccine"), Dose: rapid.Uint8().Draw(t, "dose")}
			s.Slots = append(s.Slots, slot)
		}
		data := must(wire.Marshal(&s))
		for range rapid.IntRange(0, 2).Draw(t, "damages") {
			data[rapid.IntRange(0, len(data)-1).Draw(t, "where")] = rapid.Byte().Draw(t, "damage")
		}
		strict, strictErr := decodeSheet(data)
		var general Sheet
		generalErr := wire.Unmarshal(data, &general)
		if strictErr == nil && (generalErr != nil || !reflect.DeepEqual(strict, general)) {
			t.Fatalf("the strict reader takes what the general one does not: %v", generalErr)
		}
		limits := len(general.Slots) <= MaxSlots && len(general.Relays) <= MaxRelays && len(general.Area) <= maxAreaText &&
			len(general.Pass.Signature) == passSignatureBytes && general.Relays != nil && general.Slots != nil
		for _, r := range general.Relays {
			limits = limits && len(r) <= maxRelayText
		}
		for _, slot := range general.Slots {
			limits = limits && len(slot.Vaccine) <= maxVaccineText
		}
		if generalErr == nil && limits != (strictErr == nil) {
			t.Fatalf("within the limits: %v, strict reader: %v", limits, strictErr)
		}
	})
}

func TestTokenNames(t *testing.T) {
	p := network().good(1)
	slot := p.sheet(1).Slots[0]
	token := TokenOf(p.pass.P, slot.ID)
	name, err := ParseTokenName(token.String())
	if err != nil || name != token.Name() || name.String() != token.String() || len(token.String()) != 32 {
		t.Fatalf("%v %v", name, err)
	}
	for _, bad := range []string{"", token.String()[1:], token.String() + "0", strings.Repeat("g", 32), strings.Repeat("٣", 16), " " + token.String()[1:]} {
		if _, err := ParseTokenName(bad); !errors.Is(err, ErrTokenName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if TokenOf(network().good(2).pass.P, slot.ID) == token || TokenOf(p.pass.P, SlotID{}) == token {
		t.Error("token does not depend on pseudonym and slot")
	}
}

func TestParts(t *testing.T) {
	for hour, want := range map[int]Part{0: Morning, 10: Morning, 11: Noon, 13: Noon, 14: Afternoon, 16: Afternoon, 17: Evening, 23: Evening} {
		if got := PartAt(hour); got != want {
			t.Errorf("%d h: %s", hour, got)
		}
		if got, err := ParsePart(want.String()); err != nil || got != want {
			t.Errorf("%s: %v %v", want, got, err)
		}
	}
	if _, err := ParsePart("night"); err == nil {
		t.Error("night is no part")
	}
	if Part(9).String() != "unknown" {
		t.Error("a foreign part has a name")
	}
}
