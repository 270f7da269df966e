package pcscd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	signalStop     = syscall.SIGSTOP
	signalContinue = syscall.SIGCONT
)

// isolate lets cmd start in namespaces of its own, and end with this process.
func isolate(cmd *exec.Cmd) {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	cmd.SysProcAttr = attr
}

// output runs cmd on a thread that stays: the death signal comes when the thread that started a process ends, not only its process.
func output(cmd *exec.Cmd) (out []byte, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		out, err = cmd.CombinedOutput()
	}()
	<-done
	return out, err
}

// canEnter tries the namespaces.
func canEnter() error {
	cmd := exec.Command("/bin/true")
	isolate(cmd)
	_, err := output(cmd)
	return err
}

// enter makes a new namespace of this process one in which pcscd can run.
func enter() error {
	if os.Getpid() != 1 {
		return fmt.Errorf("%s is set, but this is no namespace of its own", inside)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	vpcd, err := os.ReadFile(driver)
	if err != nil {
		return err
	}
	for _, empty := range []string{"/run", drivers} {
		if err := unix.Mount("tmpfs", empty, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=16m,mode=755"); err != nil {
			return fmt.Errorf("mount an empty %s: %w", empty, err)
		}
	}
	if err := os.WriteFile(driverInside, vpcd, 0o600); err != nil {
		return err
	}
	return loopbackUp()
}

func loopbackUp() (err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unix.Close(fd)) }()
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("bring the loopback interface up: %w", err)
	}
	return nil
}
