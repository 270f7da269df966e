package main

import (
	"runtime"
	"runtime/debug"
)

// version is set by the Makefile: -ldflags "-X main.version=...".
var version = "dev"

// versionInfo is what `pieks version` reports.
type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	System  string `json:"system"`
}

func readVersion() versionInfo {
	v := versionInfo{Version: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	return v
}

func versionLine() string {
	v := readVersion()
	return "pieks " + v.Version + " " + v.Go + " " + v.System
}

type VersionCmd struct{}

func (*VersionCmd) Run(a *app) error {
	return a.report(readVersion(), func(p *page) { p.line(versionLine()) })
}
