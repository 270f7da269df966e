package pcscd

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	for name, others := range map[string][]string{
		"TestA":          {"TestAB", "XTestA"},
		"TestA/no_card":  {"TestA/no_cards", "TestA/a_no_card"},
		"TestA/00_(1+1)": {"TestA/00_(11)"},
	} {
		matches := func(other string) bool { // as package testing does: level by level
			parts, levels := strings.Split(pattern(name), "/"), strings.Split(other, "/")
			for i, part := range parts {
				if i < len(levels) && !regexp.MustCompile(part).MatchString(levels[i]) {
					return false
				}
			}
			return true
		}
		if !matches(name) {
			t.Errorf("%s does not match itself: %s", name, pattern(name))
		}
		for _, other := range others {
			if matches(other) {
				t.Errorf("%s matches %s", pattern(name), other)
			}
		}
	}
}

func TestFlags(t *testing.T) {
	got := flags(t)
	if !slices.Contains(got, "-test.run=^TestFlags$") || !slices.Contains(got, "-test.v=true") || !slices.Contains(got, "-test.count=1") {
		t.Errorf("%q", got)
	}
	for _, name := range []string{"test.run", "test.v", "test.count", "test.timeout"} {
		once := 0
		for _, arg := range got {
			if strings.HasPrefix(arg, "-"+name+"=") {
				once++
			}
		}
		if once > 1 {
			t.Errorf("-%s is there %d times: %q", name, once, got)
		}
	}
	profile := slices.ContainsFunc(got, func(arg string) bool { return strings.HasPrefix(arg, "-test.coverprofile") })
	if flag.Lookup("test.coverprofile").Value.String() != "" && profile {
		t.Errorf("would write the parent's coverage: %q", got)
	}
}

// TestRunInSubtest: the name of a subtest finds it again, and only it.
func TestRunInSubtest(t *testing.T) {
	t.Run("no reader (0)", func(t *testing.T) {
		Run(t, 0, func(*testing.T, *Daemon) {})
	})
	t.Run("two", func(t *testing.T) {
		if os.Getenv(inside) != "" && os.Getenv(inside) != t.Name() {
			t.Error("a subtest that was not asked for")
		}
	})
}
