package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pieks/node/control"
	"pieks/node/home"
	"pieks/store"
)

// BackupCmd writes a backup, through the node when one runs, else from the store itself.
type BackupCmd struct {
	Lock
	File                 string `arg:"" type:"path" help:"File to write; it must not exist yet."`
	BackupPassphraseFile string `type:"path" help:"File with the passphrase of the backup; left out, it is --passphrase-file or is asked for." placeholder:"FILE"`
}

func (BackupCmd) Help() string {
	return `A backup has a passphrase of its own. It holds everything but the one-time keys: what was meant to be forgotten stays forgotten.

    pieks backup --home P1 praxis-2026-12-01.pieks`
}

func (c *BackupCmd) Run(ctx context.Context, a *app) error {
	dir, err := a.home(everyRole()...)
	if err != nil {
		return err
	}
	passphrase, err := a.passphrase(or(c.BackupPassphraseFile, c.PassphraseFile), "New passphrase of the backup:", true)
	if err != nil {
		return err
	}
	in := control.BackupRequest{Path: c.File, Passphrase: passphrase}
	var out control.BackupResult
	client, err := control.Dial(dir)
	switch {
	case err == nil:
		err = a.call(ctx, client, "Writing the backup", control.MethodBackup, in, &out)
	case errors.Is(err, control.ErrNoNode):
		out, err = c.offline(ctx, a, dir, in)
	}
	if err != nil {
		return err
	}
	return a.report(out, func(p *page) {
		p.linef("Wrote %s (%s). Keep its passphrase: nobody can open it without.", out.Path, bytesOf(out.Bytes))
	})
}

// offline reads the store of a node that does not run. The file gets its name only when it is complete.
func (c *BackupCmd) offline(ctx context.Context, a *app, dir string, in control.BackupRequest) (out control.BackupResult, err error) {
	secret, err := c.secret(a, dir, "")
	if err != nil {
		return out, err
	}
	st, err := store.Open(ctx, store.Options{Dir: home.StoreDir(dir), Secret: secret, SweepEvery: -1, CopyEvery: -1, Log: a.log()})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	temp, err := os.CreateTemp(filepath.Dir(in.Path), ".pieks-backup-*")
	if err != nil {
		return out, fmt.Errorf("write the backup: %w", err)
	}
	defer os.Remove(temp.Name())
	step, end := a.steps("Writing the backup")
	size, err := st.Backup(ctx, temp, in.Passphrase, func(done, total int64) { step(int(done), int(total)) })
	end()
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return out, fmt.Errorf("write the backup: %w", err)
	}
	if err := os.Link(temp.Name(), in.Path); err != nil {
		return out, control.Errorf(control.KindConflict, "The backup cannot have the name %s: %w. Choose another one.", in.Path, errors.Unwrap(err))
	}
	return control.BackupResult{Path: in.Path, Bytes: size}, nil
}

// RestoreCmd makes a new home from a backup, or puts a home back to its own hourly copy.
type RestoreCmd struct {
	Lock
	File                 string `arg:"" optional:"" type:"path" help:"The backup." xor:"from"`
	HourlyCopy           bool   `help:"Put a damaged home back to the copy that it made of itself within the last hour." xor:"from"`
	BackupPassphraseFile string `type:"path" help:"File with the passphrase of the backup; left out, it is --passphrase-file or is asked for." placeholder:"FILE"`
}

func (RestoreCmd) Help() string {
	return `Restores into a home that has no store yet; it never writes over one. Stop the node whose data are restored first, and start only one of the two afterwards. What was saved after the backup or copy is lost: a practice therefore starts with its open appointments blocked, until you have compared them with your calendar.

    pieks restore --home NEW praxis-2026-12-01.pieks
    pieks restore --home P1 --hourly-copy           when P1 says that its store is damaged`
}

func (c *RestoreCmd) Run(ctx context.Context, a *app) error {
	if a.Home == "" {
		return usagef("Say into which folder with --home DIR")
	}
	if c.HourlyCopy {
		return c.recover(ctx, a)
	}
	if c.File == "" {
		return usagef("Name the backup, or put the home back to its own copy with --hourly-copy")
	}
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	defer file.Close()
	passphrase, err := a.passphrase(or(c.BackupPassphraseFile, c.PassphraseFile), "Passphrase of the backup:", false)
	if err != nil {
		return err
	}
	secret, err := c.secret(a, a.Home, "")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(a.Home, 0o700); err != nil {
		return fmt.Errorf("make the home: %w", err)
	}
	step, end := a.steps("Reading the backup")
	err = store.Restore(ctx, file, home.StoreDir(a.Home), passphrase, secret, func(done, total int64) { step(int(done), int(total)) })
	end()
	if err != nil {
		return err
	}
	if err := home.MarkRestored(a.Home); err != nil {
		return err
	}
	result := struct {
		Restored bool   `json:"restored"`
		Home     string `json:"home"`
	}{true, a.Home}
	return a.report(result, func(p *page) {
		p.linef("Restored %s into %s. Start its node with --home %s.", c.File, a.Home, a.Home)
	})
}

// recover puts the hourly copy in place of a store that does not open.
func (c *RestoreCmd) recover(ctx context.Context, a *app) error {
	secret, err := c.secret(a, a.Home, "")
	if err != nil {
		return err
	}
	done, err := store.Recover(ctx, store.Options{Dir: home.StoreDir(a.Home), Secret: secret, Log: a.log()})
	if err != nil {
		return err
	}
	if err := home.MarkRestored(a.Home); err != nil {
		return err
	}
	result := struct {
		Restored   bool      `json:"restored"`
		Home       string    `json:"home"`
		CopyOf     time.Time `json:"copy_of"`
		Lost       uint64    `json:"lost"` // changes that are known to be lost; more may be
		Quarantine string    `json:"quarantine,omitempty"`
	}{true, a.Home, done.CopyOf.UTC(), done.Lost, done.Quarantine}
	return a.report(result, func(p *page) {
		p.linef("%s is as it was on %s. What was saved later is lost.", a.Home, instant(done.CopyOf))
		if done.Quarantine != "" {
			p.linef("The damaged file was kept: %s", done.Quarantine)
		}
	})
}
