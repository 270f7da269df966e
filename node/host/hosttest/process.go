package hosttest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/host"
	ma "github.com/multiformats/go-multiaddr"
)

// Process is this test binary once more, with a host that a test kills.
type Process struct {
	Addr ma.Multiaddr
	cmd  *exec.Cmd
}

// Start runs the test binary with these variables (NAME=value) in its environment, which its TestMain must answer with Announce. It has an
// address when Start returns.
func Start(t *testing.T, env ...string) Process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	addr, err := ma.NewMultiaddr(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return Process{Addr: addr, cmd: cmd}
}

// Announce says where h listens, and returns when the test that started this process is gone.
func Announce(h host.Host) {
	fmt.Println(h.Addrs()[0])
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// Kill ends the process as kill -9 does.
func (p Process) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}
