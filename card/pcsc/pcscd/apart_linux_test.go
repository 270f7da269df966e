package pcscd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestApart: what a test finds inside is not the computer's.
func TestApart(t *testing.T) {
	outside := namespaces(t)
	if os.Getenv(inside) == t.Name() {
		outside = os.Getenv("PIEKS_OUTSIDE")
	} else {
		t.Setenv("PIEKS_OUTSIDE", outside)
	}
	Run(t, 2, func(t *testing.T, d *Daemon) {
		now := strings.Fields(namespaces(t))
		for i, before := range strings.Fields(outside) {
			if now[i] == before {
				t.Errorf("the same namespace: %s", before)
			}
		}
		socket, err := os.Stat("/run/pcscd/pcscd.comm")
		if err != nil || socket.Mode()&os.ModeSocket == 0 {
			t.Errorf("no socket of a pcscd: %v %v", socket, err)
		}
		if found, err := filepath.Glob(drivers + "/*"); err != nil || len(found) > 0 {
			t.Errorf("drivers for USB readers: %v %v", found, err)
		}
		d.Stop()
		if left, err := filepath.Glob("/run/pcscd/*"); err != nil || len(left) > 0 {
			t.Errorf("left by pcscd: %v %v", left, err)
		}
		d.Start()
	})
}

func namespaces(t *testing.T) string {
	t.Helper()
	var all []string
	for _, name := range []string{"mnt", "net", "pid"} {
		link, err := os.Readlink("/proc/self/ns/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, link)
	}
	return strings.Join(all, " ")
}
