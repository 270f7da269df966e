package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// The files of a store; see the package documentation.
const (
	fileDB     = "store.db"
	fileKeys   = "store.keys"
	fileSpare  = "store.spare"
	fileKEK    = "store.kek"
	fileCopy   = "store.copy"
	fileLock   = "store.lock"
	unfinished = ".new"
	quarantine = "quarantine"

	fileMode   fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700
)

// folder does what the store does to its folder, so that each change survives a crash at any point.
type folder struct {
	dir  string
	log  *slog.Logger
	step func(string) // tests: called between any two changes of the folder; nil otherwise
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f folder) at(step string) {
	if f.step != nil {
		f.step(step)
	}
}

// has says whether the file is there. An error other than absence counts as there: nothing is created over it.
func (f folder) has(name string) bool {
	_, err := os.Lstat(f.path(name))
	return !errors.Is(err, fs.ErrNotExist)
}

// replace writes a file as a whole: afterwards either the old or the new content is there, whatever happens. Then the old
// content is overwritten where the file system does that in place.
func (f folder) replace(name string, data []byte) error {
	if err := f.write(name+unfinished, data); err != nil {
		return err
	}
	f.at("written " + name)
	old := f.openOld(name)
	if err := f.install(name); err != nil {
		if old != nil {
			old.Close()
		}
		return err
	}
	f.at("replaced " + name)
	if old != nil {
		if err := scrub(old); err != nil {
			f.log.Warn("the replaced file could not be overwritten", "file", f.path(name), "error", err)
		}
	}
	return nil
}

// openOld opens a file that is about to be replaced. Windows does not replace a file that is open.
func (f folder) openOld(name string) *os.File {
	if runtime.GOOS == "windows" {
		return nil
	}
	old, err := os.OpenFile(f.path(name), os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	return old
}

// scrub overwrites an open file with zeros and closes it.
func scrub(file *os.File) error {
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if _, err := file.WriteAt(make([]byte, info.Size()), 0); err != nil {
		return err
	}
	return file.Sync()
}

// write makes a file with content that is on the disk when it returns. A failed attempt is removed.
func (f folder) write(name string, data []byte) error {
	file, err := f.make(name)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return f.finish(file, err)
}

// make opens a new, empty file for writing, in place of one that may be left of an earlier attempt.
func (f folder) make(name string) (*os.File, error) {
	if err := f.remove(name); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(f.path(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	return file, diskError("make "+name, err)
}

// finish forces a file to the disk and closes it; with an earlier error it removes the file and returns that.
func (f folder) finish(file *os.File, err error) error {
	if err == nil {
		err = file.Sync()
	}
	if errClose := file.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return diskError("write "+filepath.Base(file.Name()), err)
}

// install gives name.new its name and makes that last.
func (f folder) install(name string) error {
	if err := os.Rename(f.path(name+unfinished), f.path(name)); err != nil {
		return diskError("rename "+name, err)
	}
	f.at("renamed " + name)
	return f.sync()
}

// sync makes the names in the folder last.
func (f folder) sync() error { return diskError("sync folder", syncFolder(f.dir)) }

// remove deletes a file; one that is not there is no error.
func (f folder) remove(name string) error {
	err := os.Remove(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return diskError("remove "+name, err)
}

// shred removes a file that held keys and overwrites what it held.
func (f folder) shred(name string) error {
	old := f.openOld(name)
	err := f.remove(name)
	if old == nil {
		return err
	}
	if err != nil {
		old.Close()
		return err
	}
	return diskError("overwrite "+name, scrub(old))
}

// read returns a file of at most limit bytes. A larger one is damaged.
func (f folder) read(name string, limit int) ([]byte, error) {
	file, err := os.Open(f.path(name))
	if err != nil {
		return nil, diskError("open "+name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return nil, diskError("read "+name, err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%w: %s is larger than %d bytes", ErrDamaged, name, limit)
	}
	return data, nil
}

// private makes a file readable by its owner only, where the system knows that.
func (f folder) private(name string) {
	info, err := os.Stat(f.path(name))
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return
	}
	f.log.Warn("a file of the store was open to other users of this computer; that is changed now", "file", f.path(name))
	if err := os.Chmod(f.path(name), fileMode); err != nil {
		f.log.Warn("its permissions cannot be changed", "file", f.path(name), "error", err)
	}
}

// refuse keeps a copy of the store file, if there is one, and returns the error that refuses file for the reason that err wraps.
func (f folder) refuse(file string, reason, err error) error {
	refused := &RefusedError{Reason: reason, File: f.path(file)}
	if err != nil && err != reason {
		refused.Detail = strings.TrimPrefix(err.Error(), reason.Error()+": ")
	}
	if f.has(fileDB) {
		kept, errCopy := f.quarantine(fileDB)
		if errCopy != nil {
			f.log.Warn("no copy of the refused store could be kept", "error", errCopy)
		}
		refused.Quarantine = kept
	}
	f.log.Error("the store is refused", "file", refused.File, "reason", reason, "detail", refused.Detail, "copy", refused.Quarantine)
	return refused
}

// quarantine copies a file to quarantine/, named by its content so that the same file is kept once, and returns the copy's path.
func (f folder) quarantine(name string) (string, error) {
	source, err := os.Open(f.path(name))
	if err != nil {
		return "", err
	}
	defer source.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, source)
	if err != nil {
		return "", err
	}
	q := folder{dir: f.path(quarantine), log: f.log}
	target := name + "-" + hex.EncodeToString(sum.Sum(nil)[:8])
	if q.has(target) {
		return q.path(target), nil
	}
	if err := os.MkdirAll(q.dir, folderMode); err != nil {
		return "", err
	}
	kept, err := os.ReadDir(q.dir)
	if err != nil {
		return "", err
	}
	if len(kept) >= maxQuarantine {
		return "", fmt.Errorf("%s holds %d copies already: remove those that nobody needs", q.dir, len(kept))
	}
	if free, err := freeBytes(f.dir); err == nil && free < uint64(size)+reserveBytes {
		return "", ErrFull
	}
	if _, err := source.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	file, err := q.make(target + unfinished)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(file, source)
	if err := q.finish(file, err); err != nil {
		return "", err
	}
	return q.path(target), q.install(target)
}

// diskError adds to an error of the system the sentence that fits it.
func diskError(tried string, err error) error {
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return fmt.Errorf("%s: %w (%w)", tried, ErrFull, err)
	case errors.Is(err, fs.ErrPermission) || isReadOnly(err):
		return fmt.Errorf("%s: %w (%w)", tried, ErrReadOnly, err)
	}
	return fmt.Errorf("%s: %w", tried, err)
}
