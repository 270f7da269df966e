package control

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
)

const (
	placeName  = "control.json"
	socketName = "control.sock"
	tempPrefix = "pieks-"
)

// place is where a node is reached and with what; it is the content of control.json.
type place struct {
	Address string `json:"address"`
	Token   string `json:"token"`
	PID     int    `json:"pid"`
	Role    string `json:"role"`

	file string
}

// listen clears what a killed node left, opens the socket, and then names it in control.json, so that whoever reads the
// file finds a socket that answers.
func listen(home, role string) (place, net.Listener, error) {
	home, err := filepath.Abs(home)
	if err != nil {
		return place{}, nil, fmt.Errorf("find the home directory: %w", err)
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return place{}, nil, fmt.Errorf("make the home directory: %w", err)
	}
	if err := clearStale(home); err != nil {
		return place{}, nil, err
	}
	address, err := socketPath(home)
	if err != nil {
		return place{}, nil, err
	}
	listener, err := net.Listen("unix", address)
	if err != nil {
		return place{}, nil, fmt.Errorf("open the control socket: %w", err)
	}
	at := place{Address: address, Token: newToken(), PID: os.Getpid(), Role: role, file: filepath.Join(home, placeName)}
	if err := errors.Join(os.Chmod(address, 0o600), at.write()); err != nil {
		return place{}, nil, errors.Join(err, listener.Close(), at.remove())
	}
	return at, listener, nil
}

// clearStale removes the leftovers of a node that was killed. A node that still answers is left alone.
func clearStale(home string) error {
	old, err := readPlace(home)
	if err != nil {
		return os.RemoveAll(filepath.Join(home, socketName)) // unreadable or absent: it names nothing to clear
	}
	if conn, err := net.DialTimeout("unix", old.Address, dialTimeout); err == nil {
		_ = conn.Close()
		return Errorf(KindConflict, "A node is already running for %s (process %d). Stop it first with `pieks stop --home %s`.", home, old.PID, home)
	}
	return errors.Join(old.remove(), os.RemoveAll(filepath.Join(home, socketName)))
}

// socketPath is in the home, or in a new private directory when the home's path is too long for a socket address.
func socketPath(home string) (string, error) {
	address := filepath.Join(home, socketName)
	if len(address) <= maxSocketPath {
		return address, nil
	}
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		if len(parent)+len(tempPrefix)+len("/0123456789/")+len(socketName) > maxSocketPath {
			continue
		}
		dir, err := os.MkdirTemp(parent, tempPrefix) // mode 0700
		if err != nil {
			return "", fmt.Errorf("make a directory for the control socket: %w", err)
		}
		return filepath.Join(dir, socketName), nil
	}
	return "", fmt.Errorf("the paths of the home and of the temporary directory are both too long for a socket: choose a shorter --home or TMPDIR")
}

func newToken() string {
	var raw [tokenBytes]byte
	_, _ = rand.Read(raw[:]) // never fails (Go 1.24)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// write puts control.json in place in one step, so that no reader sees half of it.
func (p place) write() error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(p.file), placeName+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", p.file, err)
	}
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), p.file)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return fmt.Errorf("write %s: %w", p.file, err)
	}
	return nil
}

// remove takes control.json away if it is still this node's, and the socket with the directory that was made for it. It
// touches nothing that this package would not have made itself, whatever the file says.
func (p place) remove() error {
	var errs []error
	home, dir := filepath.Dir(p.file), filepath.Dir(p.Address)
	made := dir != home && strings.HasPrefix(filepath.Base(dir), tempPrefix)
	if filepath.Base(p.Address) == socketName && (dir == home || made) {
		errs = append(errs, gone(os.Remove(p.Address)))
		if made {
			errs = append(errs, gone(os.Remove(dir))) // fails where anything else is in it
		}
	}
	if now, err := readPlace(home); err == nil && now.Token == p.Token {
		errs = append(errs, gone(os.Remove(p.file)))
	}
	return errors.Join(errs...)
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readPlace reads control.json. It refuses a file that someone else may have written or read.
func readPlace(home string) (place, error) {
	home, err := filepath.Abs(home)
	if err != nil {
		return place{}, err
	}
	name := filepath.Join(home, placeName)
	file, err := os.Open(name)
	if err != nil {
		return place{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return place{}, err
	}
	if err := private(info); err != nil {
		return place{}, Errorf(KindDenied, "%s is not safe to use: %w. Start the node again, which replaces the file.", name, err)
	}
	at := place{file: name}
	if err := json.NewDecoder(file).Decode(&at); err != nil || at.Address == "" || at.Token == "" {
		return place{}, Errorf(KindFailed, "%s is damaged. Start the node again, which replaces the file.", name)
	}
	return at, nil
}
