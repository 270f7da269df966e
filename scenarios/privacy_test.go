package scenarios

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pieks/gossip"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/practice"
	"pieks/node/relay"
	"pieks/store"
)

// canaries are strings that stand nowhere else.
const (
	canaryName     = "Kanarina Zitronengelb"
	canaryBirth    = "1943-08-17"
	canaryPhone    = "0170 99887766"
	canaryPractice = "Praxis Kolibriwinkel"
	canaryStreet   = "Papageienpfad 4711"
	canaryPLZ      = "60311" // the patient's; the practice is elsewhere in the region
)

// logBuffer takes the logs of all nodes at the finest level.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// TestRelaysLearnNothing runs bookings, verification, cancellation and mail over two relays, and then looks for what they must not know: on their disks, in
// their opened stores, in what they say of themselves, and in all logs.
func TestRelaysLearnNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	logs := &logBuffer{}
	net, err := NewNet(ctx, NetConfig{
		Dir: t.TempDir(), Relays: 2, Cycle: time.Second,
		Log: slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	doctor := net.AddPractice("praxis", practice.Details{Name: canaryPractice, Street: canaryStreet, PLZ: "60313", Phone: "069 5556677"})
	patient := net.AddPatient("patient", canaryPLZ)
	secrets := useTheNetwork(ctx, t, net, doctor, patient)
	var said []string
	for _, name := range []string{"relay-1", "relay-2"} {
		status, err := net.nodes[name].Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, fmt.Sprintf("%+v", status))
	}
	if err := net.Close(); err != nil {
		t.Fatal(err)
	}
	absent(t, "what relays say", []byte(strings.Join(said, "\n")), secrets)
	absent(t, "logs", logs.buf.Bytes(), secrets)
	for _, name := range []string{"relay-1", "relay-2"} {
		absent(t, name+"'s disk", readAll(t, net.home(name)), secrets)
		absent(t, name+"'s opened store", openedStore(t, net.home(name), "relay"), secrets)
	}
	// The search itself must be able to find: the practice's own store holds the patient's name.
	if own := openedStore(t, net.home("praxis"), "practice"); !bytes.Contains(own, []byte(canaryName)) {
		t.Error("the practice's opened store does not hold the patient's name, so this test finds nothing")
	}
	// And nobody's disk holds it in the clear.
	for _, name := range []string{"praxis", "patient"} {
		absent(t, name+"'s disk", readAll(t, net.home(name)), secrets)
	}
}

// useTheNetwork goes through the main job and returns what relays must not know of it.
func useTheNetwork(ctx context.Context, t *testing.T, net *Net, doctor, patient *Node) map[string]string {
	t.Helper()
	for _, name := range net.order {
		if err := net.nodes[name].Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	date, err := day("+3")
	if err != nil {
		t.Fatal(err)
	}
	if err := doctor.Call(ctx, control.MethodSlotsAdd, control.SlotsAdd{Day: date, From: "08:00", To: "10:00", Every: "10m", Vaccine: "comirnaty"}, nil); err != nil {
		t.Fatal(err)
	}
	twelve := 12
	if err := until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		return tokensSeen(ctx, patient, WaitStep{Tokens: &twelve})
	}); err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{
		"name": canaryName, "birth date": canaryBirth, "phone": canaryPhone, "practice": canaryPractice, "street": canaryStreet, "postcode": canaryPLZ,
	}
	var kept control.Booking
	for i := range 3 {
		tokens, err := search(ctx, patient, 0)
		if err != nil {
			t.Fatal(err)
		}
		var b control.Booking
		in := control.BookRequest{Tokens: []string{tokens[i].ID}, Name: canaryName, BirthDate: canaryBirth, Phone: canaryPhone}
		if err := patient.Call(ctx, control.MethodBook, in, &b); err != nil || b.State != "booked" {
			t.Fatalf("%+v %v", b, err)
		}
		v := b.Visits[0]
		secrets[fmt.Sprintf("digits %d", i)], secrets[fmt.Sprintf("words %d", i)], secrets[fmt.Sprintf("qr %d", i)] = v.Digits, v.Words, v.QR
		secrets[fmt.Sprintf("bare digits %d", i)] = strings.ReplaceAll(v.Digits, "-", "")[:10]
		kept = b
	}
	if err := doctor.Call(ctx, control.MethodVerify, control.VerifyRequest{Code: kept.Visits[0].Words}, nil); err != nil {
		t.Fatal(err)
	}
	var all []control.Booking
	if err := patient.Call(ctx, control.MethodBookings, nil, &all); err != nil {
		t.Fatal(err)
	}
	if err := patient.Call(ctx, control.MethodCancel, control.CancelRequest{Booking: all[0].ID}, nil); err != nil {
		t.Fatal(err)
	}
	// The practice goes; a request waits as mail, and stays on the relays' disks.
	if err := doctor.Stop(); err != nil {
		t.Fatal(err)
	}
	tokens, err := search(ctx, patient, 0)
	if err != nil || len(tokens) == 0 {
		t.Fatalf("%d tokens: %v", len(tokens), err)
	}
	var b control.Booking
	in := control.BookRequest{Tokens: []string{tokens[len(tokens)-1].ID}, Name: canaryName, BirthDate: canaryBirth}
	if err := patient.Call(ctx, control.MethodBook, in, &b); err != nil || b.State != "pending" {
		t.Fatalf("%+v %v", b, err)
	}
	return secrets
}

// absent looks for each secret in the forms in which a program could have written it.
func absent(t *testing.T, where string, data []byte, secrets map[string]string) {
	t.Helper()
	if len(data) == 0 {
		t.Errorf("%s: nothing to look at", where)
	}
	for what, secret := range secrets {
		for form, text := range map[string]string{
			"plain": secret, "hex": hex.EncodeToString([]byte(secret)),
			"base64": base64.RawStdEncoding.EncodeToString([]byte(secret)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(secret)),
		} {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s: contains the %s (%s)", where, what, form)
			}
		}
	}
}

func readAll(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// openedStore is all that a stopped node's store holds, as its owner could read it.
func openedStore(t *testing.T, dir, role string) []byte {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: home.StoreDir(dir), Role: role, Secret: store.KeyFile()})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var all []byte
	if err := st.Audit(func(bucket string, key, value []byte) error {
		all = append(append(append(all, bucket...), key...), value...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, epoch := range st.Keys().Epochs() {
		for _, name := range st.Keys().Names(epoch) {
			secret, _ := st.Keys().Get(epoch, name)
			all = append(append(all, name...), secret...)
		}
	}
	return all
}

// TestEndedEpochLeavesNoTrace keeps what everybody could see of a practice's pseudonyms, lets them end, and looks for any of it in all that the practice still
// has: its disk, and its store as its owner can open it.
func TestEndedEpochLeavesNoTrace(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	net, err := NewNet(ctx, NetConfig{Dir: t.TempDir(), Relays: 1, Cycle: time.Second, Epoch: 10 * time.Second, Hold: 3 * time.Second, Log: logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	doctor := net.AddPractice("praxis", PracticeSpec{PLZ: "01067"}.details("praxis"))
	patient := net.AddPatient("patient", "01069")
	for _, name := range net.order {
		if err := net.nodes[name].Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	date, err := day("+3")
	if err != nil {
		t.Fatal(err)
	}
	if err := doctor.Call(ctx, control.MethodSlotsAdd, control.SlotsAdd{Day: date, From: "08:00", To: "10:00", Every: "10m", Vaccine: "comirnaty"}, nil); err != nil {
		t.Fatal(err)
	}
	first := sheetSeen(ctx, t, net)
	tokens, err := search(ctx, patient, 0)
	if err != nil || len(tokens) == 0 {
		t.Fatalf("%d tokens: %v", len(tokens), err)
	}
	var b control.Booking
	in := person("patient")
	in.Tokens = []string{tokens[0].ID}
	if err := patient.Call(ctx, control.MethodBook, in, &b); err != nil {
		t.Fatal(err)
	}
	epoch := first.Sheet.Pass.Epoch
	err = until(ctx, 90*time.Second, func(ctx context.Context) (bool, string, error) {
		s, err := doctor.Status(ctx)
		return s.Epoch > epoch+2, fmt.Sprintf("epoch %d of %d", s.Epoch, epoch), err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := net.Close(); err != nil {
		t.Fatal(err)
	}
	traces := tracesOf(first)
	own := openedStore(t, net.home("praxis"), "practice")
	disk := readAll(t, net.home("praxis"))
	for what, trace := range traces {
		for where, data := range map[string][]byte{"opened store": own, "disk": disk} {
			if bytes.Contains(data, trace) || bytes.Contains(data, []byte(hex.EncodeToString(trace))) {
				t.Errorf("the %s of the ended epoch is in the practice's %s", what, where)
			}
		}
	}
	// The same search finds the epochs that have not ended, so it can find.
	st, err := store.Open(t.Context(), store.Options{Dir: home.StoreDir(net.home("praxis")), Role: "practice", Secret: store.KeyFile()})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	epochs := st.Keys().Epochs()
	if len(epochs) == 0 || epochs[0] <= epoch {
		t.Errorf("keys of epochs %v are kept, %d has ended", epochs, epoch)
	}
	if !strings.Contains(string(own), "booking") {
		t.Error("the opened store has no booking, so this test finds nothing")
	}
}

// sheetSeen waits for the practice's sheet at the relay.
func sheetSeen(ctx context.Context, t *testing.T, net *Net) *gossip.Signed {
	t.Helper()
	node := net.nodes["relay-1"].running.(*relay.Node)
	var seen *gossip.Signed
	err := until(ctx, 0, func(context.Context) (bool, string, error) {
		view := node.Pool()
		for _, region := range view.Regions() {
			for _, s := range view.Region(region) {
				seen = s
			}
		}
		return seen != nil, "no sheet", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	patient := net.nodes["patient"]
	one := 1
	if err := until(ctx, 0, func(ctx context.Context) (bool, string, error) {
		return tokensSeen(ctx, patient, WaitStep{AtLeast: &one})
	}); err != nil {
		t.Fatal(err)
	}
	return seen
}

// tracesOf is everything of a sheet that could connect it with a practice that still had it.
func tracesOf(s *gossip.Signed) map[string][]byte {
	p := s.Sheet.Pass.P
	traces := map[string][]byte{
		"pseudonym": p[:], "sealing key": s.Sheet.Pass.H[:], "pass": s.Sheet.Pass.Signature, "pass prefix": s.Sheet.Pass.Prefix[:], "sheet hash": s.Hash[:],
	}
	sum := sha256.Sum256(p[:])
	traces["hash of the pseudonym"] = sum[:]
	for i, slot := range s.Sheet.Slots {
		token := gossip.TokenOf(p, slot.ID)
		traces[fmt.Sprintf("slot id %d", i)] = slot.ID[:]
		traces[fmt.Sprintf("token %d", i)] = token[:16]
	}
	return traces
}
