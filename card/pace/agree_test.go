package pace

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"testing"

	"pieks/card"
)

// run does PACE and one secured command, with the random bytes of both sides.
func run(t *testing.T, terminal, picc io.Reader) {
	t.Helper()
	inner := &answers{response: []byte("\x01\x02\x90\x00")}
	field := contactless(inner, testCAN, picc)
	s, err := open(t.Context(), field, testCAN, terminal)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Transmit(t.Context(), unhex(t, "00b0820000"))
	if err != nil || !bytes.Equal(got, inner.response) || !bytes.Equal(inner.last, unhex(t, "00b0820000")) {
		t.Fatalf("%x %x %v", got, inner.last, err)
	}
}

// draws are the secret numbers of one run.
type draws struct {
	nonce                  [block]byte
	first, second          *big.Int // terminal
	cardFirst, cardSecond  *big.Int
	mapped                 point // G'
	firstPublic, cardMap   point
	secondPublic, cardKey  point
	common                 point
	terminalBytes, rawCard io.Reader
}

func draw(t *testing.T) *draws {
	t.Helper()
	d := &draws{}
	if _, err := rand.Read(d.nonce[:]); err != nil {
		t.Fatal(err)
	}
	for _, k := range []**big.Int{&d.first, &d.second, &d.cardFirst, &d.cardSecond} {
		var err error
		if *k, err = drawScalar(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// compute fills in the points, from the textbook: not as the code under test does.
func (d *draws) compute(t *testing.T) {
	t.Helper()
	must := func(p point, err error) point {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	g := generator()
	d.firstPublic, d.cardMap = must(g.times(d.first)), must(g.times(d.cardFirst))
	n := curve().Params().N
	sum := new(big.Int).Mul(d.first, d.cardFirst)
	sum.Add(sum, new(big.Int).SetBytes(d.nonce[:])).Mod(sum, n) // s + xy
	d.mapped = must(g.times(sum))
	d.secondPublic, d.cardKey = must(d.mapped.times(d.second)), must(d.mapped.times(d.cardSecond))
	both := new(big.Int).Mul(d.second, d.cardSecond)
	d.common = must(d.mapped.times(both.Mod(both, n)))
	raw := func(parts ...*big.Int) (out []byte) {
		for _, k := range parts {
			out = append(out, k.FillBytes(make([]byte, coordinate))...)
		}
		return out
	}
	d.terminalBytes = bytes.NewReader(raw(d.first, d.second))
	d.rawCard = io.MultiReader(bytes.NewReader(d.nonce[:]), bytes.NewReader(raw(d.cardFirst, d.cardSecond)))
}

// forced are the coordinates that go over the air or into a key: each gets a zero in front.
var forced = []struct {
	name string
	key  func(d *draws) (k *big.Int, base func() point) // the number that is searched, and the point that it multiplies
	at   func(d *draws) *big.Int
}{
	{"terminal's map x", firstKey, func(d *draws) *big.Int { return d.firstPublic.x }},
	{"terminal's map y", firstKey, func(d *draws) *big.Int { return d.firstPublic.y }},
	{"card's map x", cardFirstKey, func(d *draws) *big.Int { return d.cardMap.x }},
	{"card's map y", cardFirstKey, func(d *draws) *big.Int { return d.cardMap.y }},
	{"terminal's key x", secondKey, func(d *draws) *big.Int { return d.secondPublic.x }},
	{"terminal's key y", secondKey, func(d *draws) *big.Int { return d.secondPublic.y }},
	{"card's key x", cardSecondKey, func(d *draws) *big.Int { return d.cardKey.x }},
	{"card's key y", cardSecondKey, func(d *draws) *big.Int { return d.cardKey.y }},
	{"common x", func(d *draws) (*big.Int, func() point) { return d.second, func() point { return d.cardKey } }, func(d *draws) *big.Int { return d.common.x }},
}

func firstKey(d *draws) (*big.Int, func() point)     { return d.first, generator }
func cardFirstKey(d *draws) (*big.Int, func() point) { return d.cardFirst, generator }
func secondKey(d *draws) (*big.Int, func() point)    { return d.second, func() point { return d.mapped } }
func cardSecondKey(d *draws) (*big.Int, func() point) {
	return d.cardSecond, func() point { return d.mapped }
}

// force counts the number up until the coordinate begins with a zero: some 256 additions.
func (d *draws) force(t *testing.T, which int) {
	t.Helper()
	d.compute(t)
	k, base := forced[which].key(d)
	step := base()
	p, err := step.times(k)
	if err != nil {
		t.Fatal(err)
	}
	isY := forced[which].name[len(forced[which].name)-1] == 'y'
	for range 1 << 14 {
		c := p.x
		if isY {
			c = p.y
		}
		if c.BitLen() <= 8*(coordinate-1) {
			d.compute(t)
			if forced[which].at(d).BitLen() > 8*(coordinate-1) {
				t.Fatalf("%s has no zero in front", forced[which].name)
			}
			return
		}
		k.Add(k, big.NewInt(1))
		if p, err = p.plus(step); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("no zero in front of %s", forced[which].name)
}

// TestManyRuns is T20, the regression of gematik's E-Rezept-App-Android issue 30: not one of a thousand runs fails, a tenth of them with random numbers and
// the rest with each coordinate beginning with a zero in turn.
func TestManyRuns(t *testing.T) {
	runs := 1000
	if testing.Short() {
		runs = 10 // each coordinate once; a thousand take some 20 s: make long does them
	}
	for i := range runs {
		if i%10 == 9 {
			run(t, rand.Reader, rand.Reader)
			continue
		}
		d := draw(t)
		d.force(t, i%10)
		run(t, d.terminalBytes, d.rawCard)
	}
}

// TestOwnKeysAreComputed: the points of TestManyRuns are the ones of the code under test.
func TestOwnKeysAreComputed(t *testing.T) {
	d := draw(t)
	d.compute(t)
	ch := &through{Channel: contactless(&answers{response: []byte{0x90, 0}}, testCAN, d.rawCard)}
	var said [][]byte
	ch.response = func(_, raw []byte) []byte { said = append(said, raw); return raw }
	s, err := open(t.Context(), ch, testCAN, d.terminalBytes)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]point{5: d.firstPublic, 6: d.secondPublic} {
		if !bytes.Contains(ch.sent[i], want.encode()) {
			t.Errorf("command %d: %x", i, ch.sent[i])
		}
	}
	for i, want := range map[int]point{5: d.cardMap, 6: d.cardKey} {
		if !bytes.Contains(said[i], want.encode()) {
			t.Errorf("answer %d: %x", i, said[i])
		}
	}
	mine, err := newSession(keysOf(d.common)).wrapCommand(card.Command{})
	theirs, err2 := s.session.wrapCommand(card.Command{})
	if !bytes.Equal(mine, theirs) || errors.Join(err, err2) != nil {
		t.Errorf("keys differ: %v %v", err, err2)
	}
}

// TestCommonWithZero: the keys follow from 32 bytes even if the first is zero, which two ends that are wrong alike would not notice.
func TestCommonWithZero(t *testing.T) {
	d := draw(t)
	d.force(t, len(forced)-1)
	secret := unhex(t, fmt.Sprintf("%064x", d.common.x))
	if k := keysOf(d.common); secret[0] != 0 || k.encryption != derive(secret, forEncryption) || k.mac != derive(secret, forMAC) {
		t.Errorf("%x", secret)
	}
}

// TestBadPoints: what the other side may send that is no key.
func TestBadPoints(t *testing.T) {
	p := curve().Params().P
	good := generator().encode()
	off := bytes.Clone(good)
	off[64] ^= 1
	unreduced := bytes.Clone(good)
	new(big.Int).Add(generator().y, p).FillBytes(unreduced[33:]) // the same point to who calculates modulo p, another to who compares
	over := append([]byte{4}, bytes.Repeat([]byte{0xff}, 2*coordinate)...)
	compressed := append([]byte{2}, good[1:33]...)
	bad := map[string][]byte{
		"off the curve": off, "y is not below p": unreduced, "all ones": over, "zeros": append([]byte{4}, make([]byte, 2*coordinate)...), "infinity": {0},
		"compressed": compressed, "hybrid": append([]byte{6}, good[1:]...), "short": good[:64], "long": append(bytes.Clone(good), 0), "none": nil,
	}
	for name, point := range bad {
		if _, err := parsePoint(point); !errors.Is(err, errPoint) {
			t.Errorf("%s: %v", name, err)
		}
		for tag, at := range map[byte]int{tagMapCard: 5, tagKeyCard: 6} {
			ch := &through{Channel: Contactless(&answers{}, testCAN)}
			ch.response = func(_, raw []byte) []byte {
				if len(ch.sent) == at+1 {
					return answer(dynamicData(tag, point), swOK)
				}
				return raw
			}
			if _, err := Open(t.Context(), ch, testCAN); !errors.Is(err, ErrAgreement) || len(ch.sent) != at+1 {
				t.Errorf("card's %02X %s: %v after %d commands", tag, name, err, len(ch.sent))
			}
		}
		for tag, at := range map[byte]int{tagMapTerminal: 5, tagKeyTerminal: 6} {
			ch := &through{Channel: Contactless(&answers{}, testCAN)}
			ch.command = func(raw []byte) []byte {
				if len(ch.sent) == at {
					raw, _ = card.Command{CLA: claChained, INS: insAuthenticate, Data: dynamicData(tag, point), Ne: 256}.Encode()
				}
				return raw
			}
			_, err := Open(t.Context(), ch, testCAN)
			if refused, ok := errors.AsType[*card.StatusError](err); !ok || refused.SW != swWrongData {
				t.Errorf("terminal's %02X %s: %v", tag, name, err)
			}
		}
	}
	if p, err := parsePoint(good); err != nil || !p.equal(generator()) {
		t.Errorf("G: %v", err)
	}
}

// TestReflected: a card, or a terminal, that sends back what it was sent would know nothing and agree.
func TestReflected(t *testing.T) {
	for _, at := range []int{5, 6} {
		ch := &through{Channel: Contactless(&answers{}, testCAN)}
		ch.response = func(command, raw []byte) []byte {
			if len(ch.sent) == at+1 {
				return answer(dynamicData(command[7]+1, command[9:9+65]), swOK)
			}
			return raw
		}
		if _, err := Open(t.Context(), ch, testCAN); !errors.Is(err, ErrAgreement) {
			t.Errorf("the card reflects command %d: %v", at, err)
		}
	}
	// At the card: only one who knows its second key before it is shown could do so. The first is drawn from a known source.
	d := draw(t)
	d.compute(t)
	field := contactless(&answers{}, testCAN, d.rawCard)
	for _, command := range []string{"0022c1a40f800a04007f00070202040202830102", "10860000027c0000"} {
		if sw := statusOf(t, field, command); sw != swOK {
			t.Fatalf("%s: %04X", command, sw)
		}
	}
	if sw := statusOf(t, field, fmt.Sprintf("10860000457c438141%x00", d.cardMap.encode())); sw != swWrongData {
		t.Errorf("the terminal reflects: %04X", sw)
	}
}

func TestInfinity(t *testing.T) {
	n := curve().Params().N
	if _, err := generator().times(n); !errors.Is(err, errPoint) {
		t.Errorf("nG: %v", err)
	}
	minus, err := generator().times(new(big.Int).Sub(n, big.NewInt(1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := generator().plus(minus); !errors.Is(err, errPoint) {
		t.Errorf("G - G: %v", err)
	}
	two, err := generator().plus(generator())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := generator().times(big.NewInt(2)); err != nil || !again.equal(two) {
		t.Errorf("G + G: %v", err)
	}
}

// TestDrawScalar: zero, the order and above are drawn again; a source of nothing else, or of nothing, is an error.
func TestDrawScalar(t *testing.T) {
	n := curve().Params().N
	raw := func(k *big.Int) []byte { return k.FillBytes(make([]byte, coordinate)) }
	for _, skipped := range [][]byte{make([]byte, coordinate), raw(n), bytes.Repeat([]byte{0xff}, coordinate)} {
		for _, want := range []*big.Int{big.NewInt(1), new(big.Int).Sub(n, big.NewInt(1))} {
			k, err := drawScalar(io.MultiReader(bytes.NewReader(skipped), bytes.NewReader(raw(want))))
			if err != nil || k.Cmp(want) != 0 {
				t.Errorf("after %x: %v %v", skipped[:2], k, err)
			}
		}
	}
	if _, err := drawScalar(bytes.NewReader(make([]byte, 2*maxDraws*coordinate))); err == nil {
		t.Error("zeros were taken")
	}
	if _, err := drawScalar(bytes.NewReader(make([]byte, coordinate-1))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("too few bytes: %v", err)
	}
}

func BenchmarkOpen(b *testing.B) {
	field := Contactless(&answers{}, testCAN)
	for b.Loop() {
		field.Reset()
		if _, err := Open(b.Context(), field, testCAN); err != nil {
			b.Fatal(err)
		}
	}
}
