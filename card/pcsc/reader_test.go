package pcsc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestChoose(t *testing.T) {
	cherry := Reader{Index: 1, Name: "Cherry ST-2000 00 00", State: Empty}
	reiner := Reader{Index: 2, Name: "REINER SCT cyberJack 01 00", State: Present}
	second := Reader{Index: 3, Name: "REINER SCT cyberJack 02 00", State: Mute}
	number := Reader{Index: 4, Name: "1", State: Empty}
	for _, c := range []struct {
		name, which string
		readers     []Reader
		want        string
		err         error
	}{
		{"none", "", nil, "", ErrNoReader},
		{"none of this name", "Cherry", nil, "", ErrNoReader},
		{"the only one, empty", "", []Reader{cherry}, "", ErrNoCard},
		{"the only card", "", []Reader{cherry, reiner}, reiner.Name, nil},
		{"a mute card is one", "", []Reader{cherry, second}, second.Name, nil},
		{"two cards", "", []Reader{cherry, reiner, second}, "", ErrSeveralCards},
		{"number", "2", []Reader{cherry, reiner, second}, reiner.Name, nil},
		{"number of an empty one", "1", []Reader{cherry, reiner}, cherry.Name, nil},
		{"number beyond", "4", []Reader{cherry, reiner, second}, "", ErrNoSuchReader},
		{"number below", "0", []Reader{cherry, reiner}, "", ErrNoSuchReader},
		{"negative number", "-1", []Reader{cherry, reiner}, "", ErrNoSuchReader},
		{"no number, so a part", "02", []Reader{cherry, reiner, second}, reiner.Name, nil},
		{"a name that is a number", "1", []Reader{cherry, reiner, second, number}, number.Name, nil},
		{"name", reiner.Name, []Reader{cherry, reiner, second}, reiner.Name, nil},
		{"part", "cherry", []Reader{cherry, reiner, second}, cherry.Name, nil},
		{"part of two", "reiner", []Reader{cherry, reiner, second}, "", ErrAmbiguous},
		{"part of none", "Omnikey", []Reader{cherry, reiner}, "", ErrNoSuchReader},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := choose(c.readers, c.which)
			if !errors.Is(err, c.err) || got.Name != c.want {
				t.Fatalf("%+v %v, want %q %v", got, err, c.want, c.err)
			}
			if errors.Is(err, ErrSeveralCards) || errors.Is(err, ErrAmbiguous) {
				text := err.Error()
				if !strings.Contains(text, `2 "`+reiner.Name) || !strings.Contains(text, `3 "`+second.Name) || strings.Contains(text, "Cherry") {
					t.Errorf("does not list these and no others: %v", err)
				}
			}
		})
	}
}

// TestChooseProperties: every reader can be had by its number and by its name, and what is found is one of them.
func TestChooseProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z][a-z]{0,3} 0[0-3]`), 1, 6, rapid.ID[string]).Draw(t, "names")
		var readers []Reader
		for i, name := range names {
			state := rapid.SampledFrom([]State{Empty, Present, InUse, Exclusive, Mute, Broken}).Draw(t, "state")
			readers = append(readers, Reader{Index: i + 1, Name: name, State: state})
		}
		for _, r := range readers {
			for _, which := range []string{fmt.Sprint(r.Index), r.Name} {
				if got, err := choose(readers, which); err != nil || got.Index != r.Index {
					t.Fatalf("%q: %+v %v", which, got, err)
				}
			}
		}
		which := rapid.StringMatching(`[A-Za-z 0-9]{0,4}`).Draw(t, "which")
		if got, err := choose(readers, which); err == nil && readers[got.Index-1].Name != got.Name {
			t.Fatalf("%q: %+v", which, got)
		}
	})
}

func TestGone(t *testing.T) {
	at := func(state State, events uint16) Reader { return Reader{Name: "r", State: state, Events: events} }
	for _, c := range []struct {
		name string
		then []Reader
		gone bool
	}{
		{"still there", []Reader{at(Present, 5)}, false},
		{"used meanwhile", []Reader{at(InUse, 5)}, false},
		{"pulled", []Reader{at(Empty, 6)}, true},
		{"pulled and inserted again", []Reader{at(Present, 7)}, true},
		{"reader unplugged", nil, true},
		{"pcscd started again", []Reader{at(Present, 1)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cards := insertedIn([]Reader{at(Present, 5), {Name: "other", State: Empty}})
			if got := cards.gone(c.then); got != c.gone {
				t.Fatalf("gone: %v", got)
			}
		})
	}
	cards := insertedIn([]Reader{at(Present, 5)})
	if cards.gone([]Reader{at(Present, 1)}) || !cards.gone([]Reader{at(Present, 3)}) {
		t.Error("after a new start of pcscd, an exchange is not seen")
	}
	if !insertedIn(nil).gone([]Reader{at(Present, 1)}) {
		t.Error("a card that came later is waited for")
	}
}
