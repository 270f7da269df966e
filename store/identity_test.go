package store

import (
	"errors"
	"testing"
)

func TestIdentityRules(t *testing.T) {
	keys := keyBody{ID: []byte("0123456789abcdef"), Role: "practice", Generation: 7}
	migrations := make([]Migration, 3)
	for _, tt := range []struct {
		name       string
		change     func(*identity)
		role       string
		migrations []Migration
		want       error
	}{
		{"same", func(*identity) {}, "practice", migrations, nil},
		{"any role", func(*identity) {}, "", migrations, nil},
		{"more commits than the key file knows", func(i *identity) { i.Generation = 9 }, "practice", migrations, nil},
		{"any schema", func(i *identity) { i.Schema = 99 }, "practice", nil, nil},
		{"fewer commits", func(i *identity) { i.Generation = 6 }, "practice", migrations, ErrRolledBack},
		{"other id", func(i *identity) { i.ID = []byte("0123456789abcdeF") }, "practice", migrations, ErrForeign},
		{"no id", func(i *identity) { i.ID = nil }, "practice", migrations, ErrForeign},
		{"other role within", func(i *identity) { i.Role = "relay" }, "practice", migrations, ErrForeign},
		{"other role asked for", func(*identity) {}, "patient", migrations, ErrRole},
		{"newer schema", func(i *identity) { i.Schema = 4 }, "practice", migrations, ErrNewer},
		{"newer schema than none", func(i *identity) { i.Schema = 1 }, "practice", []Migration{}, ErrNewer},
	} {
		i := identity{ID: []byte("0123456789abcdef"), Role: "practice", Schema: 3, Generation: 7}
		if tt.migrations != nil && len(tt.migrations) == 0 {
			i.Schema = 0
		}
		tt.change(&i)
		err := i.belongs(keys)
		if err == nil {
			err = i.fits(tt.role, tt.migrations)
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
