package pcscd

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// inside marks the process that Run has started: its value is the name of the test.
const inside = "PIEKS_PCSCD_TEST"

// driver is where vsmartcard-vpcd installs it, below the folder that pcscd searches for drivers of USB readers; in the namespace that
// folder is empty. Each pair of readers there gets a copy: vpcd keeps its connections by slot, so a second reader of one loaded library
// would take those of the first.
const (
	driver       = drivers + "/serial/libifdvpcd.so"
	drivers      = "/usr/lib/pcsc/drivers"
	driverInside = "/run/libifdvpcd.so"
)

// Run runs fn with a pcscd that has the given number of empty readers. vpcd makes them in pairs, so the number is even. It is called once
// in a test or subtest, and before anything that costs time: in its parent, the test is at this line until it is over.
func Run(t *testing.T, readers int, fn func(t *testing.T, d *Daemon)) {
	t.Helper()
	if readers%2 != 0 || readers > maxReaders {
		t.Fatalf("%d readers: they come in pairs, and at most %d", readers, maxReaders)
	}
	if os.Getenv(inside) == t.Name() {
		if err := enter(); err != nil {
			t.Fatalf("prepare the namespace: %v", err)
		}
		fn(t, start(t, readers))
		return
	}
	if why := missing(); why != "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	said, err := again(t)
	report(t, strings.TrimSpace(string(said)), err)
}

// missing says why tests with pcscd cannot run here.
func missing() string {
	for _, path := range []string{daemonPath(), driver} {
		if _, err := os.Stat(path); err != nil {
			return fmt.Sprintf("no card readers to test with: %s is not there: apt-get install pcscd vsmartcard-vpcd", path)
		}
	}
	if why := noReaders(); why != "" {
		return why
	}
	if err := canEnter(); err != nil {
		return fmt.Sprintf("no card readers to test with: they need mount, network and process namespaces, which only root may make here (%v)", err)
	}
	return ""
}

func daemonPath() string {
	if path, err := exec.LookPath("pcscd"); err == nil {
		return path
	}
	return "/usr/sbin/pcscd" // not in everybody's PATH
}

// again runs this one test in a process of its own, and gives what that said.
func again(t *testing.T) (out []byte, err error) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, flags(t)...)
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	isolate(cmd)
	return output(cmd)
}

// flags are those of this process, but for what chooses tests and what would write the parent's files again. Coverage is
// counted where -test.gocoverdir says.
func flags(t *testing.T) []string {
	args := []string{"-test.run=" + pattern(t.Name()), "-test.v=true", "-test.count=1"}
	if end, ok := t.Deadline(); ok {
		args = append(args, fmt.Sprint("-test.timeout=", max(time.Until(end)-reportTime, time.Second)))
	}
	flag.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "test.run", "test.v", "test.count", "test.timeout", "test.skip", "test.list", "test.bench", "test.fuzz", "test.fuzzcachedir",
			"test.fuzzworker", "test.coverprofile", "test.cpuprofile", "test.memprofile", "test.blockprofile", "test.mutexprofile",
			"test.trace", "test.testlogfile", "test.paniconexit0", "test.shuffle":
		default:
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	return args
}

// pattern matches the test of this name alone.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// report makes the result of the other process this test's. One that did not run the test has failed.
func report(t *testing.T, said string, err error) {
	t.Helper()
	switch {
	case err != nil:
		t.Fatalf("%v\n%s", err, said)
	case strings.Contains(said, "--- SKIP: "+t.Name()+" "):
		t.Skip(said)
	case !strings.Contains(said, "--- PASS: "+t.Name()+" "):
		t.Fatalf("the test did not run\n%s", said)
	}
	t.Log(said)
}
