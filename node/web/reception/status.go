package reception

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"pieks/node/control"
	"pieks/node/web"
)

type statusPage struct {
	control.Status
	Enrolment control.Enrolment
	Why       string // there is no enrolment
	Warn      warning
	Doctor    bool
	Reached   int
}

func showStatus(c *web.Call) error {
	p := statusPage{Status: c.Status(), Warn: warningOf(c), Doctor: c.Person() == web.Doctor}
	for _, r := range p.Relays {
		if r.Connected {
			p.Reached++
		}
	}
	if p.Doctor {
		var err error
		if p.Enrolment, err = web.Ask[control.Enrolment](c, control.MethodEnrolment, nil); err != nil {
			return err
		}
		p.Why = problem(c, "rc_why_", p.Enrolment.Why)
	}
	return c.Show("status", p)
}

type backupPage struct{ Folder string }

func backupFolder(c *web.Call) string { return filepath.Join(c.Status().Home, "backups") }

func showBackup(c *web.Call) error {
	c.Form = web.NewForm()
	return c.Show("backup", backupPage{backupFolder(c)})
}

// backup writes one below the node's own folder, under a name that says when.
func backup(c *web.Call) error {
	f := c.Form
	first, second := f.Get("passphrase"), f.Get("again")
	f.Set("passphrase", "") // never sent back
	f.Set("again", "")
	switch {
	case len([]rune(first)) < minPassphrase:
		f.Wrong("passphrase", c.Say("rc_wrong_passphrase", "N", minPassphrase))
	case first != second:
		f.Wrong("again", c.Say("rc_wrong_again"))
	}
	folder := backupFolder(c)
	if !f.OK() {
		return c.Show("backup", backupPage{folder})
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	name := filepath.Join(folder, "pieks-"+c.Now().Format("2006-01-02-150405")+".backup")
	out, err := web.Ask[control.BackupResult](c, control.MethodBackup, control.BackupRequest{Path: name, Passphrase: first})
	if refused(err) {
		f.Wrong("passphrase", c.Sentence(err))
		return c.Show("backup", backupPage{folder})
	}
	if err != nil {
		return err
	}
	c.Tell("rc_backup_made", "Path", out.Path)
	return c.Go("/status")
}

// takeNetwork takes a newer network file that somebody brought.
func takeNetwork(c *web.Call) error {
	file, err := c.File("file")
	if err != nil {
		return err
	}
	if file == nil {
		c.TellBad(c.Say("rc_network_none"))
		return c.Go("/status")
	}
	data, err := io.ReadAll(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	out, err := web.Ask[control.NetworkTaken](c, control.MethodNetwork, control.NetworkFile{File: data})
	switch {
	case refused(err):
		c.TellBad(c.Sentence(err))
	case err != nil:
		return err
	case out.Accepted:
		c.Tell("rc_network_taken", "Number", out.Number)
	default:
		c.Tell("rc_network_old", "Number", out.Number)
	}
	return c.Go("/status")
}
