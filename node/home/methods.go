package home

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/control"
	nodehost "pieks/node/host"
)

// Version is the program's version, set by cmd before a node starts.
var Version = "dev"

// Methods are the control methods that every role answers alike. Hosts are those that denials apply to.
func (h *Home) Methods(gate *nodehost.Gate, hosts func() []host.Host) control.Handlers {
	return control.Handlers{
		control.MethodBackup:  control.Handle(h.backup),
		control.MethodOpen:    control.Handle(h.open),
		control.MethodNetwork: control.Handle(h.takeNetwork),
		control.MethodDeny: control.Handle(func(_ context.Context, in control.DenyRequest) (any, error) {
			return nil, h.deny(gate, hosts(), in)
		}),
		control.MethodAllow: control.Handle(func(_ context.Context, in control.DenyRequest) (any, error) {
			id, err := peer.Decode(in.Peer)
			if err != nil {
				return nil, control.Errorf(control.KindUsage, "This is not a peer ID: copy it from pieks status.")
			}
			gate.AllowPeer(id)
			return nil, nil
		}),
	}
}

// takeNetwork goes by a network file from its operators' hands.
func (h *Home) takeNetwork(_ context.Context, in control.NetworkFile) (control.NetworkTaken, error) {
	accepted, err := h.Network.Offer(in.File)
	if err != nil {
		return control.NetworkTaken{}, control.Errorf(control.KindConflict, "%w", err)
	}
	return control.NetworkTaken{Accepted: accepted, Number: h.Network.Get().Number}, nil
}

// forever is longer than a node runs.
const forever = 10 * 365 * 24 * time.Hour

func (h *Home) deny(gate *nodehost.Gate, hosts []host.Host, in control.DenyRequest) error {
	id, err := peer.Decode(in.Peer)
	if err != nil {
		return control.Errorf(control.KindUsage, "This is not a peer ID: copy it from pieks status.")
	}
	lasts := forever
	if in.Seconds > 0 && in.Seconds < int(forever/time.Second) {
		lasts = time.Duration(in.Seconds) * time.Second
	}
	if !gate.DenyPeer(nil, id, h.Now().Add(lasts)) {
		return control.Errorf(control.KindConflict, "The list of denied peers is full: allow some again first.")
	}
	for _, host := range hosts {
		_ = host.Network().ClosePeer(id)
	}
	return nil
}

// backup writes to a new file, and gives it its name only when it is complete.
func (h *Home) backup(ctx context.Context, in control.BackupRequest) (control.BackupResult, error) {
	var none control.BackupResult
	if in.Path == "" || in.Passphrase == "" {
		return none, control.Errorf(control.KindUsage, "A backup needs a file to write and a passphrase that locks it.")
	}
	if _, err := os.Lstat(in.Path); err == nil {
		return none, taken(in.Path)
	}
	tmp, err := os.CreateTemp(filepath.Dir(in.Path), ".pieks-backup-*")
	if err != nil {
		return none, control.Errorf(control.KindUsage, "The backup cannot be written there: %w", err)
	}
	defer os.Remove(tmp.Name())
	size, err := h.Store.Backup(ctx, tmp, in.Passphrase, nil)
	if err == nil {
		err = tmp.Sync()
	}
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = name(tmp.Name(), in.Path)
	}
	if errors.Is(err, fs.ErrExist) {
		return none, taken(in.Path)
	}
	if err != nil {
		return none, fmt.Errorf("write the backup: %w", err)
	}
	if err := h.noteBackup(ctx); err != nil {
		h.Log.Warn("the time of the backup is not noted", "err", err)
	}
	return control.BackupResult{Path: in.Path, Bytes: size}, nil
}

func taken(path string) error {
	return control.Errorf(control.KindConflict, "There is a file at %s already: choose another name.", path)
}

// name gives a complete file its name, and never takes one that is there: fs.ErrExist. Where there are no links, as on most USB sticks, the
// name is taken first.
func name(tmp, path string) error {
	err := os.Link(tmp, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	place, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = place.Close(); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Status is what every role says of itself alike.
func (h *Home) Status() control.Status {
	s := control.Status{Role: h.Role, Version: Version, Home: h.Dir, Started: h.Started, RSSBytes: residentBytes(), Goroutines: runtime.NumGoroutine(),
		Web: h.appURL(), BackedUp: h.backedUp()}
	if b := h.Network.Get(); b != nil {
		s.Test = b.IsTest()
		s.Network = control.Network{ID: b.ID(), Version: b.Number, Expires: time.Unix(int64(b.Expires), 0).UTC()}
		s.Cycle = b.Rules.CycleAt(h.Now())
	}
	if err := h.Network.Usable(); err != nil {
		s.ReadOnly = err.Error()
	}
	return s
}

// Findings are what doctor checks at every role.
func (h *Home) Findings(ctx context.Context) []control.Finding {
	found := []control.Finding{{Check: "store", OK: true, Detail: "opens and is consistent"}}
	if err := h.Store.Check(ctx); err != nil {
		found[0] = control.Finding{Check: "store", Detail: err.Error(), Next: "stop the node and restore a backup: pieks restore --help"}
	}
	network := control.Finding{Check: "network file", OK: true}
	if b := h.Network.Get(); b != nil {
		network.Detail = fmt.Sprintf("number %d, good until %s", b.Number, time.Unix(int64(b.Expires), 0).UTC().Format("2006-01-02 15:04 MST"))
	}
	if err := h.Network.Usable(); err != nil {
		network.OK, network.Detail, network.Next = false, err.Error(), "give a newer file with --network FILE, or wait until a relay sends one"
	}
	return append(found, network)
}
