//go:build pcsc

package pcsc_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/card/pcsc/pcscd"
)

// holding makes this binary a program that takes the card, verifies its PIN, says so, and is killed.
const holding = "PIEKS_HOLD_CARD"

func hold() {
	ctx := context.Background()
	c, err := pcsc.Open(ctx, "")
	if err == nil {
		var h card.Card
		if h, err = card.Open(ctx, c); err == nil {
			err = h.VerifyPIN(ctx, card.VirtualPIN)
		}
	}
	fmt.Println("held:", err)
	_, _ = os.Stdin.Read(make([]byte, 1)) // until killed
	os.Exit(1)
}

func TestKilledProgramLeavesNoPIN(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), holding+"=1")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(stdout).ReadString('\n')
		if err != nil || strings.TrimSpace(line) != "held: <nil>" {
			t.Errorf("%q %v", line, err)
		}
		_, err = pcsc.OpenWithin(t.Context(), soon, "")
		want(t, "open what another process holds", err, pcsc.ErrInUse)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		locked(t, "")
		works(t, "")
	})
}
