package disclosure

import (
	"bytes"
	"errors"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

func drawKey(t *rapid.T, label string) [32]byte {
	return [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
}

func TestWarningNamesItsRoomsAndNoOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := make([][32]byte, rapid.IntRange(1, MaxRooms).Draw(t, "rooms"))
		for i := range keys {
			keys[i] = drawKey(t, "key")
		}
		w, err := NewWarning(keys)
		if err != nil || len(w) != WarningBytes {
			t.Fatal(len(w), err)
		}
		for _, k := range keys {
			if !Match(w, k) {
				t.Fatal("a room is not found")
			}
			other := k
			other[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			if Match(w, other) && !contains(keys, other) {
				t.Fatal("another room is found")
			}
		}
	})
}

func contains(keys [][32]byte, k [32]byte) bool {
	for _, have := range keys {
		if have == k {
			return true
		}
	}
	return false
}

func TestWarningsThatCannotBe(t *testing.T) {
	for _, n := range []int{0, MaxRooms + 1} {
		if _, err := NewWarning(make([][32]byte, n)); !errors.Is(err, ErrRooms) {
			t.Errorf("%d rooms: %v", n, err)
		}
	}
	w := must(NewWarning([][32]byte{{1}}))
	for name, data := range map[string][]byte{"nothing": nil, "short": w[:WarningBytes-1], "long": append(bytes.Clone(w), 0), "version 2": append([]byte{2}, w[1:]...)} {
		if Match(data, [32]byte{1}) {
			t.Errorf("%s: a match", name)
		}
	}
}

// Without a key a warning says nothing: not which rooms, not how many, not where their marks are. Two warnings of one room share no mark,
// and bits are as often set with 14 rooms as with one, in every place.
func TestWarningSaysNothingWithoutAKey(t *testing.T) {
	const rounds = 3000
	rooms := make([][32]byte, MaxRooms)
	for i := range rooms {
		rooms[i][0] = byte(i)
	}
	for _, n := range []int{1, MaxRooms} {
		marks, place := map[[markBytes]byte]bool{}, [MaxRooms]int{}
		ones := make([]int, WarningBytes)
		for range rounds {
			w := must(NewWarning(rooms[:n]))
			for i, b := range w[1:] {
				ones[i+1] += bits.OnesCount8(b)
			}
			own := roomMark(rooms[0], w[1:1+saltBytes])
			for i := range MaxRooms {
				m := [markBytes]byte(w[1+saltBytes+i*markBytes:])
				if marks[m] {
					t.Fatal("two warnings share a mark")
				}
				marks[m] = true
				if m == own {
					place[i]++
				}
			}
		}
		// Of 24,000 bits 12,000 are set, standard deviation 77; a room is in each place 214 times, standard deviation 14.
		for i, got := range ones[1:] {
			if got < 4*rounds-560 || got > 4*rounds+560 {
				t.Errorf("%d rooms: byte %d has %d bits set of %d", n, i+1, got, 8*rounds)
			}
		}
		for i, got := range place {
			if got < 110 || got > 320 {
				t.Errorf("%d rooms: the first is in place %d %d times", n, i, got)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	w := must(NewWarning([][32]byte{{1}}))
	f.Add(w, []byte{1})
	f.Fuzz(func(t *testing.T, data, seed []byte) {
		var key [32]byte
		copy(key[:], seed)
		if Match(data, key) && len(data) != WarningBytes {
			t.Fatal("matches what is no warning")
		}
	})
}
