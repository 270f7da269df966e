package egk

import (
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"pieks/card/published"
)

func check(t testing.TB, l *PairList, cvc, x509 Hash) Pair {
	t.Helper()
	pair, err := l.Check(cvc, x509)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func hashOf(t testing.TB, text string) Hash {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return Hash(raw)
}

// TestPairs is T18.
func TestPairs(t *testing.T) {
	cvcA, x509A := hashOf(t, published.EndEntityHash), hashOf(t, published.X509Hash)
	cvcB, x509B := Hash{1}, Hash{2}
	l := &PairList{}
	if got := check(t, l, cvcA, x509A); got != Unknown {
		t.Error("empty list:", got)
	}
	if err := l.Add(cvcA, x509A); err != nil {
		t.Fatal(err)
	}
	if err := l.Add(cvcB, x509B); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		cvc, x509 Hash
		want      Pair
	}{
		{"the pair", cvcA, x509A, Match},
		{"known CVC, other certificate", cvcA, Hash{9}, Mismatch},
		{"known certificate, other CVC", Hash{9}, x509A, Mismatch},
		{"both known, of two cards", cvcA, x509B, Mismatch},
		{"swapped", x509A, cvcA, Unknown},
		{"neither known", Hash{9}, Hash{8}, Unknown},
	} {
		if got := check(t, l, c.cvc, c.x509); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	if err := l.Block(cvcA, x509A); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]Hash{{cvcA, x509A}, {cvcA, Hash{9}}, {Hash{9}, x509A}, {cvcA, x509B}} {
		if got := check(t, l, c[0], c[1]); got != Blocked {
			t.Error(got)
		}
	}
	if got := check(t, l, cvcB, x509B); got != Match {
		t.Error("another card is blocked, too:", got)
	}
	for _, c := range [][2]Hash{{cvcA, x509B}, {Hash{9}, x509B}, {cvcA, Hash{9}}} {
		if err := l.Add(c[0], c[1]); !errors.Is(err, ErrListed) {
			t.Error(err)
		}
	}
	l.Delete(cvcA, x509B)
	if got := check(t, l, cvcA, x509A); got != Blocked {
		t.Error("deleted by half:", got)
	}
	if err := l.Add(cvcA, x509A); err != nil || check(t, l, cvcA, x509A) != Match {
		t.Error("unblocked:", err)
	}
	l.Delete(cvcA, x509A)
	l.Delete(cvcA, x509A)
	if got := check(t, l, cvcA, x509A); got != Unknown {
		t.Error("deleted:", got)
	}
}

// modelPair stands for the hashes that begin with these bytes.
type modelPair struct{ cvc, x509 byte }

// TestPairListModel holds a list against a plain table of pairs.
func TestPairListModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, model := &PairList{}, map[modelPair]bool{} // true: blocked
		for range rapid.IntRange(1, 30).Draw(t, "operations") {
			p := modelPair{rapid.ByteRange(0, 4).Draw(t, "cvc"), rapid.ByteRange(10, 14).Draw(t, "x509")}
			taken := false
			for other := range model {
				taken = taken || (other != p && (other.cvc == p.cvc || other.x509 == p.x509))
			}
			cvc, x509 := Hash{p.cvc}, Hash{p.x509}
			switch operation := rapid.SampledFrom([]string{"add", "block", "delete", "check"}).Draw(t, "operation"); operation {
			case "delete":
				l.Delete(cvc, x509)
				delete(model, p)
			case "check":
				if got := must(l.Check(cvc, x509)); got != byModel(model, p.cvc, p.x509) {
					t.Fatal(got)
				}
			default:
				set := l.Add
				if operation == "block" {
					set = l.Block
				}
				if err := set(cvc, x509); (err != nil) != taken {
					t.Fatal(err)
				}
				if !taken {
					model[p] = operation == "block"
				}
			}
		}
	})
}

func byModel(model map[modelPair]bool, cvc, x509 byte) Pair {
	result := Unknown
	for p, blocked := range model {
		switch {
		case p.cvc != cvc && p.x509 != x509:
		case blocked:
			return Blocked
		case p.cvc == cvc && p.x509 == x509:
			result = Match
		case result == Unknown:
			result = Mismatch
		}
	}
	return result
}
