//go:build pcsc

package pcsc_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ebfe/scard"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/card/pcsc/pcscd"
)

// other is another program at the same card.
func other(t *testing.T, reader string, mode scard.ShareMode) *scard.Card {
	t.Helper()
	ctx, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	c, err := ctx.Connect(reader, mode, scard.ProtocolAny)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Disconnect(scard.LeaveCard)
		_ = ctx.Release()
	})
	return c
}

func must(t *testing.T, doing string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}

func TestExclusiveProgram(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		c := other(t, d.Reader(0), scard.ShareExclusive)
		check := leaks(t)
		ctx, cancel := context.WithTimeout(t.Context(), 5*soon)
		defer cancel()
		_, err := pcsc.OpenWithin(ctx, patience, "")
		want(t, "open", err, pcsc.ErrInUse) // it is said at once, and not waited for
		check()
		must(t, "disconnect", c.Disconnect(scard.LeaveCard))
		works(t, "")
	})
}

// TestTransactionOfOthers: one that ends soon is waited for, one that does not is said, and nothing is left of the wait.
func TestTransactionOfOthers(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		c := other(t, d.Reader(0), scard.ShareShared)
		works(t, "") // it is connected, and does nothing
		check := leaks(t)
		must(t, "reconnect", c.Reconnect(scard.ShareShared, scard.ProtocolAny, scard.LeaveCard)) // we have reset the card
		must(t, "begin", c.BeginTransaction())
		_, err := pcsc.OpenWithin(t.Context(), soon, "")
		want(t, "open", err, pcsc.ErrInUse)
		opened := make(chan error, 1)
		go func() {
			mine, err := pcsc.Open(t.Context(), "")
			if err == nil {
				err = mine.Close()
			}
			opened <- err
		}()
		inUse(t, d.Reader(0))
		must(t, "end", c.EndTransaction(scard.LeaveCard))
		want(t, "open a card that another program gives back", <-opened, nil)
		check()
		works(t, "")
	})
}

// TestTransactionBeforeOurs: another program begins one after we have connected. Our wait for it polls in C, and ends all the same while
// it lasts.
func TestTransactionBeforeOurs(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		c := other(t, d.Reader(0), scard.ShareShared)
		check := leaks(t)
		blocked, err := pcsc.OpenWhile(t.Context(), soon, d.Reader(0), func() { must(t, "begin", c.BeginTransaction()) })
		want(t, "begin after another", err, pcsc.ErrHung)
		if !blocked {
			t.Error("does not know why it has waited")
		}
		check()
		must(t, "end", c.EndTransaction(scard.LeaveCard))
		works(t, "")
	})
}

// inUse waits until pcscd says so: then our own Open may be in the queue or not, and both must work.
func inUse(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		readers, err := pcsc.Readers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range readers {
			if r.Name == name && r.State == pcsc.InUse {
				return
			}
		}
	}
}

// TestNobodyGetsBetween: while we have the card no other program sends it anything, and after Close none finds our PIN verified.
func TestNobodyGetsBetween(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		intruder := other(t, d.Reader(0), scard.ShareShared)
		c := open(t, "")
		h := driver(t, c)
		must(t, "PIN", h.VerifyPIN(t.Context(), card.VirtualPIN))
		if _, err := intruder.Transmit(selectRoot); !errors.Is(err, scard.ErrSharingViolation) {
			t.Errorf("another program's command: %v", err)
		}
		sign(t, h)
		must(t, "reset", c.Reset(t.Context()))
		if _, err := intruder.Transmit(selectRoot); !errors.Is(err, scard.ErrSharingViolation) && !errors.Is(err, scard.ErrResetCard) {
			t.Errorf("another program's command after our reset: %v", err)
		}
		must(t, "PIN", driver(t, c).VerifyPIN(t.Context(), card.VirtualPIN))
		closed(t, c)
		if _, err := intruder.Transmit(selectRoot); !errors.Is(err, scard.ErrResetCard) {
			t.Errorf("another program is not told of the reset: %v", err)
		}
		must(t, "reconnect", intruder.Reconnect(scard.ShareShared, scard.ProtocolAny, scard.LeaveCard))
		status, err := intruder.Transmit([]byte{0x80, 0x20, 0x00, 0x01}) // GET PIN STATUS
		if err != nil || len(status) != 2 || status[0] != 0x63 || status[1] != 0xc3 {
			t.Errorf("PIN status after close: %x %v", status, err)
		}
	})
}

// TestOpenSC lets a program of others look at the same card.
func TestOpenSC(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("opensc-tool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("opensc-tool is not installed: apt-get install opensc")
		}
		t.Skip("opensc-tool is not installed: what it sees of virtual cards was not tried")
	}
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(1, newCard(t, card.SMCB))
		run := func(args ...string) string {
			t.Helper()
			out, err := exec.Command(tool, args...).CombinedOutput()
			if err != nil {
				t.Errorf("opensc-tool %v: %v: %s", args, err, out)
			}
			return string(out)
		}
		has := func(out string, parts ...string) {
			t.Helper()
			for _, part := range parts {
				if !strings.Contains(strings.ToLower(out), strings.ToLower(part)) {
					t.Errorf("does not have %q:\n%s", part, out)
				}
			}
		}
		has(run("--list-readers"), d.Reader(0), d.Reader(1), "Yes")
		has(run("--reader", "1", "-a"), "3b:85:80:01:50:49:45:4b:53:40")
		has(run("--reader", "1", "--card-driver", "default", "-s", "00A4040C06D27600014606"), "SW1=0x90, SW2=0x00")
		has(run("--reader", "1", "--card-driver", "default", "-s", "00A4040C06D27600014601"), "SW1=0x6A, SW2=0x82")
		works(t, "")
		c := open(t, "")
		defer closed(t, c)
		sign(t, driver(t, c))
		out := make(chan string, 1)
		go func() {
			out <- run("--reader", "1", "--card-driver", "default", "-s", "002A9E9A20"+strings.Repeat("00", 32)+"00")
		}()
		select {
		case early := <-out:
			t.Errorf("opensc-tool got between:\n%s", early)
		case <-time.After(soon): // it waits
		}
		closed(t, c)
		if got := <-out; strings.Contains(got, "SW1=0x90") {
			t.Errorf("opensc-tool has signed with our PIN:\n%s", got)
		}
	})
}
