package egk

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pieks/card"
)

// commandsOf are a dialogue's commands in their order.
func commandsOf(o Options) [][]byte {
	var all [][]byte
	for _, p := range NewDialogue(testNonce, o).steps {
		all = append(all, p.command)
	}
	return all
}

// goodAnswers are what a good card says to each command.
func goodAnswers(t testing.TB, o Options) [][]byte {
	t.Helper()
	a := answersOf(t, testPatient(t), o)
	ok := func(data []byte) []byte { return append(bytes.Clone(data), 0x90, 0x00) }
	all := [][]byte{ok(nil), ok(a.Version2)}
	if !o.WithoutGDO {
		all = append(all, ok(a.GDO))
	}
	return append(all, ok(a.SubCA), ok(a.EndEntity), ok(nil), ok(nil), ok(a.X509), ok(a.Signature))
}

// TestOrder: EF.GDO is read while the root is selected, and everything else is as without it.
func TestOrder(t *testing.T) {
	with, without := commandsOf(Options{}), commandsOf(Options{WithoutGDO: true})
	if len(without) != 8 || len(with) != 9 || !bytes.Equal(with[2], unhex("00b0820000")) {
		t.Fatalf("%x", with)
	}
	if !slices.EqualFunc(slices.Delete(slices.Clone(with), 2, 3), without, bytes.Equal) {
		t.Fatalf("%x", with)
	}
	for i, p := range NewDialogue(testNonce, Options{}).steps {
		want := []uint16{0x9000, 0x6281}
		if p.command[1] != 0xb0 {
			want = want[:1]
		}
		if !slices.Equal(p.expected, want) {
			t.Errorf("%d: %x", i, p.expected)
		}
	}
}

// at brings a dialogue to where the answer to command n is awaited.
func at(t testing.TB, n int, answers [][]byte) *Dialogue {
	t.Helper()
	d := NewDialogue(testNonce, Options{})
	var response []byte
	for i := range n + 1 {
		if _, done, err := d.Next(response); err != nil || done {
			t.Fatal(i, err)
		}
		response = answers[i]
	}
	return d
}

// ends wants a dialogue to be over: no further command, whatever comes, and no answers.
func ends(t testing.TB, d *Dialogue, name string) {
	t.Helper()
	for _, response := range [][]byte{nil, {0x90, 0x00}} {
		step, done, err := d.Next(response)
		if !errors.Is(err, ErrEnded) || done || step.Command != nil {
			t.Errorf("%s: went on with %x, %v", name, step.Command, err)
		}
	}
	if a := d.Answers(); a.Signature != nil || a.X509 != nil || a.Version2 != nil {
		t.Errorf("%s: has answers", name)
	}
}

// strangeStatus are words that no command expects; 6110 and 6C10 are for the transport of a reader, not for a verifier.
var strangeStatus = []uint16{
	0x6982, 0x6a82, 0x6a88, 0x6282, 0x6283, 0x6285, 0x6300, 0x6400, 0x6581, 0x6700, 0x6985, 0x6b00, 0x6d00, 0x6e00, 0x6f00, 0x6110, 0x6c10, 0x9001,
}

// TestStatus is T22 for every command: a status word that is not expected ends it, and is told.
func TestStatus(t *testing.T) {
	answers := goodAnswers(t, Options{})
	for n, command := range commandsOf(Options{}) {
		for _, sw := range strangeStatus {
			for _, data := range [][]byte{nil, answers[n][:len(answers[n])-2]} {
				d := at(t, n, answers)
				step, done, err := d.Next(append(bytes.Clone(data), byte(sw>>8), byte(sw)))
				var status *card.StatusError
				if !errors.As(err, &status) || status.SW != sw || done || step.Command != nil {
					t.Errorf("%x to %x: %v", sw, command, err)
				}
				if notEGK := n == 0 && sw == 0x6a82; errors.Is(err, ErrNotEGK) != notEGK {
					t.Errorf("%x to %x: %v", sw, command, err)
				}
				ends(t, d, "status")
			}
		}
	}
}

// TestCorruptWarning: 6281 on reading is expected; what was read is judged by its signatures.
func TestCorruptWarning(t *testing.T) {
	answers := goodAnswers(t, Options{})
	for n, command := range commandsOf(Options{}) {
		warned := append(bytes.Clone(answers[n][:len(answers[n])-2]), 0x62, 0x81)
		_, _, err := at(t, n, answers).Next(warned)
		if (err == nil) != (command[1] == 0xb0) {
			t.Errorf("%x: %v", command, err)
		}
	}
}

// TestAnswerSizes: each answer has a limit, and where nothing or 64 bytes are due, it is those.
func TestAnswerSizes(t *testing.T) {
	answers := goodAnswers(t, Options{})
	for n, command := range commandsOf(Options{}) {
		sizes := []int{1, maxX509 + 1, 1 << 20} // selections answer nothing
		switch {
		case n == 7:
			sizes = []int{0, maxX509 + 1, 1 << 20}
		case n == 8:
			sizes = []int{0, 63, 65, 128, maxX509}
		case command[1] == 0xb0:
			sizes = []int{0, maxShort + 1, maxX509}
		}
		for _, size := range sizes {
			d := at(t, n, answers)
			_, _, err := d.Next(append(make([]byte, size), 0x90, 0x00))
			if !errors.Is(err, ErrAnswer) {
				t.Errorf("%d bytes to %x: %v", size, command, err)
			}
			ends(t, d, "size")
		}
		for _, crumb := range [][]byte{{0x90}, {0x00}} {
			if _, _, err := at(t, n, answers).Next(crumb); !errors.Is(err, ErrAnswer) {
				t.Errorf("%x to %x: %v", crumb, command, err)
			}
		}
	}
	if _, _, err := at(t, 7, answers).Next(append(make([]byte, maxX509), 0x90, 0x00)); err != nil {
		t.Error("the largest file:", err)
	}
}

// TestWrongOrder: no answer before its command, none missing, none after the end.
func TestWrongOrder(t *testing.T) {
	answers := goodAnswers(t, Options{})
	d := NewDialogue(testNonce, Options{})
	if _, _, err := d.Next([]byte{0x90, 0x00}); !errors.Is(err, ErrEarlyAnswer) {
		t.Fatal(err)
	}
	ends(t, d, "early answer")
	for n := range answers {
		for _, none := range [][]byte{nil, {}} {
			d := at(t, n, answers)
			if _, _, err := d.Next(none); !errors.Is(err, ErrNoAnswer) {
				t.Fatal(n, err)
			}
			ends(t, d, "no answer")
		}
		if a := at(t, n, answers).Answers(); a.Version2 != nil {
			t.Fatal("answers before the end")
		}
	}
	d = at(t, len(answers)-1, answers)
	if _, done, err := d.Next(answers[len(answers)-1]); err != nil || !done {
		t.Fatal(err)
	}
	kept := d.Answers()
	for _, late := range [][]byte{nil, {0x90, 0x00}, answers[len(answers)-1]} {
		if _, done, err := d.Next(late); !errors.Is(err, ErrEnded) || done {
			t.Fatal(err)
		}
	}
	if a := d.Answers(); !bytes.Equal(a.Signature, kept.Signature) || a.Signature == nil {
		t.Fatal("an answer after the end changed what was read")
	}
}

// TestStepsAreCopies: who gets a step cannot change the next dialogue's.
func TestStepsAreCopies(t *testing.T) {
	step, _, err := NewDialogue(testNonce, Options{}).Next(nil)
	if err != nil {
		t.Fatal(err)
	}
	step.Command[0], step.Expected[0] = 0xff, 0
	if again, _, _ := NewDialogue(testNonce, Options{}).Next(nil); again.Command[0] != 0 || again.Expected[0] != 0x9000 {
		t.Fatal("changed")
	}
	answers := goodAnswers(t, Options{})
	d := at(t, len(answers)-1, answers)
	last := bytes.Clone(answers[len(answers)-1])
	if _, done, err := d.Next(last); !done || err != nil {
		t.Fatal(err)
	}
	clear(last)
	if bytes.Equal(d.Answers().Signature, last[:64]) {
		t.Fatal("kept the caller's bytes")
	}
}

func TestVersions(t *testing.T) {
	file := func(filling, system string) []byte {
		return slices.Concat([]byte{0xef, 0x0a, 0xc0, 3}, []byte(filling), []byte{0xc1, 3}, []byte(system))
	}
	for _, system := range []string{"\x04\x04\x00", "\x04\x04\x01", "\x04\x05\x00", "\x04\x05\x01", "\x04\x05\x02", "\x04\x06\x00", "\x04\x07\x00"} {
		if err := checkVersion(file(fillingG2, system)); err != nil {
			t.Errorf("%x: %v", system, err)
		}
	}
	good := file(fillingG2, "\x04\x05\x02")
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"padded with zeros":    {append(bytes.Clone(good), 0, 0, 0), nil},
		"padded with ones":     {append(bytes.Clone(good), 0xff, 0xff), nil},
		"padded with both":     {append(bytes.Clone(good), 0xff, 0), ErrAnswer},
		"something behind":     {append(bytes.Clone(good), 1), ErrAnswer},
		"generation 3":         {file(fillingG2, "\x05\x00\x00"), ErrG3},
		"generation 3, other":  {file("\x03\x00\x00", "\x05\x00\x00"), ErrG3},
		"generation 2.0":       {file(fillingG2, "\x04\x00\x00"), ErrOldCard},
		"generation 1":         {file("\x01\x00\x00", "\x03\x00\x00"), ErrOldCard},
		"unknown system":       {file(fillingG2, "\x04\x08\x00"), ErrOldCard},
		"other filling":        {file("\x02\x00\x01", "\x04\x05\x02"), ErrOldCard},
		"no filling":           {unhex("ef05c103040502"), ErrOldCard},
		"no system":            {unhex("ef05c003020000"), ErrAnswer},
		"system of two bytes":  {unhex("ef09c003020000c1020405"), ErrAnswer},
		"nothing":              {nil, ErrAnswer},
		"other tag":            {unhex("ee0ac003020000c103040502"), ErrAnswer},
		"cut":                  {good[:len(good)-1], ErrAnswer},
		"length cut":           {unhex("ef0ac003020000c104040502"), ErrAnswer},
		"length in two bytes":  {unhex("ef810ac003020000c103040502"), ErrAnswer},
		"system twice":         {unhex("ef0fc003020000c103040502c103050000"), ErrAnswer},
		"system twice, equal":  {unhex("ef0fc003020000c103040502c103040502"), ErrAnswer},
		"something in between": {unhex("ef0dc003020000c70100c103040502"), nil},
	} {
		if err := checkVersion(c.file); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	answers := goodAnswers(t, Options{})
	d := at(t, 1, answers)
	if _, _, err := d.Next(append(file(fillingG2, "\x05\x00\x00"), 0x90, 0)); !errors.Is(err, ErrG3) {
		t.Fatal(err)
	}
	ends(t, d, "generation 3")
}

// TestAnyCard: whatever a card says, the commands are those that are due, in their order, and there are answers only after the last.
func TestAnyCard(t *testing.T) {
	commands, answers := commandsOf(Options{}), goodAnswers(t, Options{})
	rapid.Check(t, func(t *rapid.T) {
		d := NewDialogue(testNonce, Options{})
		var response []byte
		for n := 0; ; n++ {
			step, done, err := d.Next(response)
			if has := d.Answers().Signature != nil; has != done {
				t.Fatal("answers:", has)
			}
			if done && n != len(commands) {
				t.Fatal("ended early:", n)
			}
			if err != nil || done {
				if next, _, err := d.Next(response); !errors.Is(err, ErrEnded) || next.Command != nil {
					t.Fatal("went on:", err)
				}
				return
			}
			if !bytes.Equal(step.Command, commands[n]) {
				t.Fatalf("%d: %x", n, step.Command)
			}
			if response = answers[n]; rapid.IntRange(0, 9).Draw(t, "strange") == 0 {
				response = rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "response")
			}
		}
	})
}

// FuzzDialogue: answers in a row, each with a byte of length before it.
func FuzzDialogue(f *testing.F) {
	commands, answers := commandsOf(Options{}), goodAnswers(f, Options{})
	for n := range answers {
		f.Add(uint8(n), answers[n])
		f.Add(uint8(n), []byte{0x6a, 0x82})
	}
	f.Fuzz(func(t *testing.T, at uint8, response []byte) {
		d := NewDialogue(testNonce, Options{})
		n := int(at) % len(commands)
		var last []byte
		for i := range commands {
			step, done, err := d.Next(last)
			if err != nil {
				if i <= n {
					t.Fatal(i, err)
				}
				ends(t, d, "fuzz")
				return
			}
			if done || !bytes.Equal(step.Command, commands[i]) {
				t.Fatalf("%d: %x", i, step.Command)
			}
			if last = answers[i]; i == n {
				last = response
			}
		}
		_, done, err := d.Next(last)
		a := d.Answers()
		if done != (err == nil) || done != (len(a.Signature) == signatureLength) {
			t.Fatal(done, err)
		}
		if len(a.X509) > maxX509 || len(a.SubCA) > maxShort || len(a.EndEntity) > maxShort || len(a.GDO) > maxShort || len(a.Version2) > maxShort {
			t.Fatal("an answer that is too large")
		}
	})
}
