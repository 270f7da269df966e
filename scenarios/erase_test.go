package scenarios

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/home/testnet"
)

// Who deletes everything has a node that ends, also where it shares its process with others: nothing of it is left, and the others go on.
func TestEraseAmongOthers(t *testing.T) {
	net, err := NewNet(t.Context(), NetConfig{Relays: 1, Log: logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"anna", "otto"} {
		if err := net.AddPatient(name, "50667").Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	anna := net.nodes["anna"]
	if _, err := anna.Link(""); err != nil { // its app is open
		t.Fatal(err)
	}
	if err := anna.Call(t.Context(), control.MethodErase, control.EraseRequest{}, nil); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "the node ends", func() bool { return !anna.Running() })
	var left []string
	if err := filepath.WalkDir(net.home("anna"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && path != net.home("anna") {
			left = append(left, path)
		}
		return err
	}); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := anna.Link(""); err == nil {
		t.Error("there is a link to what is no more")
	}
	if _, err := net.nodes["otto"].Status(t.Context()); err != nil {
		t.Errorf("the other one ended, too: %v", err)
	}
	if _, err := os.Stat(home.StoreDir(net.home("otto"))); err != nil {
		t.Error(err)
	}
	if err := anna.Start(t.Context()); err != nil {
		t.Errorf("it does not start anew: %v", err)
	}
}
