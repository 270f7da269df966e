package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"

	"pieks/node/control"
)

// The roles, each with a home of its own below the XDG data directory.
const (
	practiceRole = "practice"
	patientRole  = "patient"
	relayRole    = "relay"
)

func everyRole() []string { return []string{practiceRole, patientRole, relayRole} }

// roleHome is where a role's node keeps everything when --home does not say otherwise.
func roleHome(role string) string { return filepath.Join(xdg.DataHome, "pieks", role) }

// home is --home, or else the XDG home of one of the roles: of the one that exists, or, when several do, of the one that
// has a running node.
func (a *app) home(roles ...string) (string, error) {
	if a.Home != "" {
		return a.Home, nil
	}
	var exist, run []string
	for _, role := range roles {
		home := roleHome(role)
		if _, err := os.Stat(home); err != nil {
			continue
		}
		exist = append(exist, home)
		if _, err := control.Dial(home); err == nil {
			run = append(run, home)
		}
	}
	switch {
	case len(run) == 1:
		return run[0], nil
	case len(run) > 1:
		return "", usagef("Several nodes are running. Say which one is meant with --home, one of: %s.", strings.Join(run, ", "))
	case len(exist) == 1 || len(roles) == 1:
		return append(exist, roleHome(roles[0]))[0], nil
	case len(exist) > 1:
		return "", usagef("Several homes exist and none has a running node. Say which one is meant with --home, one of: %s.", strings.Join(exist, ", "))
	default:
		return "", usagef("There is no home yet. Say which one is meant with --home DIR, or start a node first, for instance with `pieks patient --network FILE`.")
	}
}
