package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// interactive says whether someone can be asked.
func (a *app) interactive() bool { return !a.json && term.IsTerminal(int(a.in.Fd())) }

// prompt asks for a line. It is written to standard error, so that results can go to a file.
func (a *app) prompt(question string) (string, error) {
	fmt.Fprint(a.errs, question+" ")
	line, err := readLine(a.in)
	return strings.TrimSpace(line), err
}

// promptSecret asks for a line that is not shown.
func (a *app) promptSecret(question string) (string, error) {
	fmt.Fprint(a.errs, question+" ")
	line, err := term.ReadPassword(int(a.in.Fd()))
	fmt.Fprintln(a.errs)
	return string(line), err
}

// confirm asks yes or no; no is the default.
func (a *app) confirm(question string) (bool, error) {
	answer, err := a.prompt(question + " [y/N]")
	switch strings.ToLower(answer) {
	case "y", "yes", "j", "ja":
		return true, err
	}
	return false, err
}

// readLine takes one line byte by byte, so that nothing that follows is swallowed.
func readLine(r io.Reader) (string, error) {
	var line strings.Builder
	one := make([]byte, 1)
	for line.Len() < 64<<10 {
		if _, err := io.ReadFull(r, one); err != nil {
			if errors.Is(err, io.EOF) && line.Len() > 0 {
				break
			}
			if errors.Is(err, io.EOF) {
				return "", usagef("Nothing was given on standard input")
			}
			return "", fmt.Errorf("read standard input: %w", err)
		}
		if one[0] == '\n' {
			break
		}
		line.WriteByte(one[0])
	}
	return strings.TrimSuffix(line.String(), "\r"), nil
}

// openOrStdin opens a file, or standard input for "-".
func (a *app) openOrStdin(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(bufio.NewReader(a.in)), nil
	}
	return os.Open(name)
}
