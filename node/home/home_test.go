package home

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"

	"pieks/node/control"
	"pieks/node/home/testnet"
	nodehost "pieks/node/host"
	"pieks/node/network"
	"pieks/store"
)

func open(t testing.TB, dir, role, file string, clock *testnet.Clock) (*Home, error) {
	t.Helper()
	cfg := Config{Dir: dir, Role: role, Network: file, Secret: store.KeyFile()}
	if clock != nil {
		cfg.Now = clock.Now
	}
	h, err := Open(t.Context(), cfg)
	if err == nil {
		t.Cleanup(func() { _ = h.Close() })
	}
	return h, err
}

func mustOpen(t testing.TB, dir, role, file string, clock *testnet.Clock) *Home {
	t.Helper()
	h, err := open(t, dir, role, file, clock)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestOneProcessHasAHome(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	dir := net.Home("a")
	mustOpen(t, dir, "practice", net.File, nil)
	_, err := open(t, dir, "practice", net.File, nil)
	if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "in use by another process: stop it") {
		t.Errorf("second opening: %v", err)
	}
}

func TestAHomeKeepsItsRole(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	dir := net.Home("a")
	if err := mustOpen(t, dir, "practice", net.File, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, dir, "patient", net.File, nil); !errors.Is(err, store.ErrRole) {
		t.Errorf("%v", err)
	}
}

// What is no network file for this home gets its own error, and the home goes on with what it knows.
func TestWrongNetworkFiles(t *testing.T) {
	net, other := testnet.New(t, testnet.Config{}), testnet.New(t, testnet.Config{})
	dir := net.Home("a")
	newer := net.Next(func(b *network.Bundle) { b.Number = 7 })
	if err := mustOpen(t, dir, "patient", net.Sign(newer), nil).Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(net.File)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	same := net.Next(func(b *network.Bundle) { b.Number, b.Name = 7, "other" })
	early := net.Next(func(b *network.Bundle) {
		b.Number, b.Issued, b.Expires = 9, b.Issued+uint64((48*time.Hour).Seconds()), b.Expires+uint64((48*time.Hour).Seconds())
	})
	for _, c := range []struct {
		name, file string
		want       error
	}{
		{"foreign", other.File, network.ErrForeign},
		{"no such file", net.Home("nothing"), os.ErrNotExist},
		{"a folder", t.TempDir(), nil},
		{"empty", net.Write(nil), network.ErrForm},
		{"text", net.Write([]byte("hello")), network.ErrForm},
		{"cut", net.Write(good[:len(good)-1]), network.ErrForm},
		{"one bit", net.Write(flipped), nil},
		{"too large", net.Write(make([]byte, maxNetworkFile+1)), network.ErrSize},
		{"same number, other content", net.Sign(same), network.ErrEquivocation},
		{"from the future", net.Sign(early), network.ErrNotYet},
	} {
		if _, err := open(t, dir, "patient", c.file, nil); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for name, file := range map[string]string{"rolled back": net.File, "the same": net.Sign(newer), "none": ""} {
		h, err := open(t, dir, "patient", file, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := h.Network.Get().Number; got != 7 {
			t.Errorf("%s: the home goes by number %d", name, got)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAHomeNeedsANetwork(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if _, err := open(t, dir, "patient", "", nil); !errors.Is(err, network.ErrNone) {
		t.Errorf("%v", err)
	}
	// A file that is none makes no home.
	net := testnet.New(t, testnet.Config{})
	if _, err := open(t, net.Home("b"), "patient", net.Write([]byte("x")), nil); !errors.Is(err, network.ErrForm) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(net.Home("b")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a home was made: %v", err)
	}
}

// An expired file opens no new home. A home that knows it stays open for reading, and says why no more.
func TestExpiredNetworkIsReadOnly(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 48 * time.Hour})
	h := mustOpen(t, net.Home("a"), "patient", net.File, clock)
	if s := h.Status(); s.ReadOnly != "" || !s.Test {
		t.Errorf("%+v", s)
	}
	clock.Advance(25 * time.Hour)
	if s := h.Status(); !strings.Contains(s.ReadOnly, "has expired; get a newer one") {
		t.Errorf("read only: %q", s.ReadOnly)
	}
	found := h.Findings(t.Context())
	if last := found[len(found)-1]; last.OK || last.Next == "" {
		t.Errorf("%+v", last)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, net.Home("a"), "patient", net.File, clock)
	if again.Status().ReadOnly == "" {
		t.Error("not read-only after a restart")
	}
	renewed := net.Next(func(b *network.Bundle) {
		b.Issued = uint64(clock.Now().Unix())
		b.Expires = uint64(clock.Now().Add(24 * time.Hour).Unix())
	})
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if s := mustOpen(t, net.Home("a"), "patient", net.Sign(renewed), clock).Status(); s.ReadOnly != "" {
		t.Errorf("read-only with a newer file: %s", s.ReadOnly)
	}
	if _, err := open(t, net.Home("b"), "patient", net.File, clock); !errors.Is(err, network.ErrExpired) {
		t.Errorf("new home: %v", err)
	}
}

func TestKeysStay(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	keys := func(h *Home) string {
		a, err := h.SigningKey(t.Context(), "device")
		if err != nil {
			t.Fatal(err)
		}
		b, err := h.SigningKey(t.Context(), "other")
		if err != nil {
			t.Fatal(err)
		}
		c, err := h.SealingKey(t.Context(), "sealing")
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(a, b) {
			t.Error("two names, one key")
		}
		return string(a) + string(b) + string(c.Bytes())
	}
	h := mustOpen(t, net.Home("a"), "practice", net.File, nil)
	first := keys(h)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if keys(mustOpen(t, net.Home("a"), "practice", "", nil)) != first {
		t.Error("other keys after a restart")
	}
}

func TestRelaysOfZones(t *testing.T) {
	net := testnet.New(t, testnet.Config{Relays: 3})
	net.Bundle.Relays[0].Zones = []string{"50"}
	net.Bundle.Relays[1].Addrs = []string{"/ip4/127.0.0.1/tcp/1"}
	h := mustOpen(t, net.Home("a"), "patient", net.Sign(net.Bundle), nil)
	for zone, want := range map[string]int{"": 3, "50": 3, "80": 2} {
		if got := len(h.Relays(zone)); got != want {
			t.Errorf("zone %q has %d relays, want %d", zone, got, want)
		}
	}
	id := net.Bundle.Relays[1].Peer
	infos := h.RelayInfos([]string{"unknown", id, ""})
	if len(infos) != 1 || infos[0].ID.String() != id || len(infos[0].Addrs) != 1 {
		t.Errorf("%v", infos)
	}
	if h.Operator(infos[0].ID) == "" {
		t.Error("its operator has no name")
	}
	if _, ok := AddrInfo(network.Relay{Peer: id, Addrs: []string{"nonsense"}}); ok {
		t.Error("a relay without an address that can be read")
	}
}

func backupTo(t testing.TB, h *Home, path string) (control.BackupResult, error) {
	t.Helper()
	return h.backup(t.Context(), control.BackupRequest{Path: path, Passphrase: "correct horse battery"})
}

// A backup restores elsewhere, never takes the name of a file that is there, and leaves nothing behind when it fails.
func TestBackup(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	h := mustOpen(t, net.Home("a"), "practice", net.File, nil)
	key, err := h.SigningKey(t.Context(), "device")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "backup")
	made, err := backupTo(t, h, path)
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil || int64(len(written)) != made.Bytes {
		t.Errorf("%d of %d bytes: %v", len(written), made.Bytes, err)
	}
	if _, err := backupTo(t, h, path); control.KindOf(err) != control.KindConflict {
		t.Errorf("over a file: %v", err)
	}
	if _, err := backupTo(t, h, filepath.Join(dir, "no", "folder")); control.KindOf(err) != control.KindUsage {
		t.Errorf("into no folder: %v", err)
	}
	if _, err := h.backup(t.Context(), control.BackupRequest{Path: filepath.Join(dir, "b")}); control.KindOf(err) != control.KindUsage {
		t.Errorf("without a passphrase: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, written) {
		t.Error("the first backup was changed")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%v is left", entries)
	}
	restored := net.Home("restored")
	if err := store.Restore(t.Context(), bytes.NewReader(written), StoreDir(restored), "correct horse battery", store.KeyFile(), nil); err != nil {
		t.Fatal(err)
	}
	again, err := mustOpen(t, restored, "practice", "", nil).SigningKey(t.Context(), "device")
	if err != nil || !bytes.Equal(again, key) {
		t.Errorf("another device key after the restore: %v", err)
	}
}

// name is what gives a backup its name where there are links and where there are none.
func TestNameTakesNoFile(t *testing.T) {
	dir := t.TempDir()
	tmp, path := filepath.Join(dir, "tmp"), filepath.Join(dir, "path")
	for _, f := range []string{tmp, path} {
		if err := os.WriteFile(f, []byte(f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := name(tmp, path); !errors.Is(err, os.ErrExist) {
		t.Errorf("%v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != path {
		t.Error("the file was written over")
	}
	if err := name(filepath.Join(dir, "gone"), filepath.Join(dir, "new")); err == nil {
		t.Error("named a file that is not there")
	}
	if _, err := os.Lstat(filepath.Join(dir, "new")); err == nil {
		t.Error("a failure left an empty file")
	}
}

func TestDenyAndAllow(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	h := mustOpen(t, net.Home("a"), "relay", net.File, nil)
	gate := &nodehost.Gate{Now: h.Now}
	methods := h.Methods(gate, func() []libhost.Host { return nil })
	call := func(method, body string) error {
		_, err := methods[method](t.Context(), []byte(body))
		return err
	}
	id := h.Relays("")[0].ID
	for name, body := range map[string]string{"nonsense": `{"peer":"x"}`, "nothing": `{}`} {
		for _, method := range []string{control.MethodDeny, control.MethodAllow} {
			if err := call(method, body); control.KindOf(err) != control.KindUsage {
				t.Errorf("%s %s: %v", method, name, err)
			}
		}
	}
	for _, seconds := range []string{"", `,"seconds":60`, `,"seconds":9223372036854775807`} {
		if err := call(control.MethodDeny, `{"peer":"`+id.String()+`"`+seconds+`}`); err != nil {
			t.Fatal(err)
		}
		if gate.InterceptPeerDial(id) {
			t.Errorf("not denied with %q", seconds)
		}
		if err := call(control.MethodAllow, `{"peer":"`+id.String()+`"}`); err != nil {
			t.Fatal(err)
		}
		if !gate.InterceptPeerDial(id) {
			t.Error("not allowed again")
		}
	}
}
