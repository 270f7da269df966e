package patient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"pieks/gossip/wire"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/store"
)

// favouriteRecord is an institution that its user keeps: name, Telematik-ID and its user's own name for it (A_28512), and no address.
type favouriteRecord struct {
	TelematikID string `cbor:"1,keyasint"`
	Name        string `cbor:"2,keyasint"`
	Alias       string `cbor:"3,keyasint,omitempty"`
	// How it was reached when it was kept, so that nobody has to be asked again. Where it is in the mesh its own listing, in this node's copy of the
	// directory, has the rest.
	Origin     string `cbor:"4,keyasint"`
	Kind       string `cbor:"5,keyasint,omitempty"`
	Profession string `cbor:"6,keyasint,omitempty"`
}

var (
	errFavourites = errors.New("no more favourites fit: remove one first")
	errAlias      = fmt.Errorf("a name of your own is one line of at most %d characters", maxAliasRunes)
	errNotKnown   = errors.New("this institution is not known here: find it by its code or in the directory first")
)

func loadFavourites(st *store.Store) (map[string]favouriteRecord, error) {
	all := map[string]favouriteRecord{}
	err := eachRecord(st, favouriteBucket, func(r favouriteRecord) { all[r.TelematikID] = r })
	return all, err
}

// cleanAlias reads a name that somebody typed.
func cleanAlias(alias string) (string, error) {
	alias = strings.TrimSpace(alias)
	if utf8.RuneCountInString(alias) > maxAliasRunes || !utf8.ValidString(alias) || strings.ContainsFunc(alias, unicode.IsControl) {
		return "", errAlias
	}
	return alias, nil
}

func (r favouriteRecord) shown() control.Favourite {
	return control.Favourite{TelematikID: r.TelematikID, Name: r.Name, Alias: r.Alias}
}

// institution is what a check-in can begin from, with no look-up.
func (r favouriteRecord) institution() control.Institution {
	return control.Institution{TelematikID: r.TelematikID, Name: r.Name, Kind: r.Kind, Profession: r.Profession, Origin: r.Origin}
}

// listFavourites has them in the order of the names that their user sees.
func (c *checkins) listFavourites(context.Context) ([]control.Favourite, error) {
	c.mu.Lock()
	kept := make([]*favouriteRecord, 0, len(c.favourites))
	for _, r := range c.favourites {
		kept = append(kept, &r)
	}
	c.mu.Unlock()
	key := func(r *favouriteRecord) string { return strings.ToLower(cmp.Or(r.Alias, r.Name)) }
	slices.SortFunc(kept, func(a, b *favouriteRecord) int {
		return cmp.Or(strings.Compare(key(a), key(b)), strings.Compare(a.TelematikID, b.TelematikID))
	})
	list := make([]control.Favourite, 0, len(kept))
	for _, r := range kept {
		list = append(list, r.shown())
	}
	return list, nil
}

// setFavourite keeps an institution that was looked at, or gives a kept one another name.
func (c *checkins) setFavourite(ctx context.Context, in control.Favourite) (control.Favourite, error) {
	id, err := popp.ParseTelematikID(in.TelematikID)
	if err != nil {
		return control.Favourite{}, control.Coded(control.KindUsage, control.CodeTelematikID, "%w", err)
	}
	alias, err := cleanAlias(in.Alias)
	if err != nil {
		return control.Favourite{}, control.Errorf(control.KindUsage, "%w", err)
	}
	r, kept := c.favourite(string(id))
	if !kept {
		found, err := c.known(string(id))
		if err != nil {
			return control.Favourite{}, control.Coded(control.KindNotFound, control.CodeNoInstitution, "%w", err)
		}
		r = favouriteOf(found)
	}
	r.Alias = alias
	if err := c.keepFavourite(ctx, r); err != nil {
		return control.Favourite{}, err
	}
	return r.shown(), nil
}

func favouriteOf(i control.Institution) favouriteRecord {
	return favouriteRecord{TelematikID: i.TelematikID, Name: i.Name, Origin: i.Origin, Kind: i.Kind, Profession: i.Profession}
}

func (c *checkins) favourite(id string) (favouriteRecord, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.favourites[id]
	return r, ok
}

func (c *checkins) keepFavourite(ctx context.Context, r favouriteRecord) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	_, kept := c.favourites[r.TelematikID]
	full := !kept && len(c.favourites) >= maxFavourites
	c.mu.Unlock()
	if full {
		return control.Coded(control.KindConflict, control.CodeFavourites, "%w", errFavourites)
	}
	data, err := wire.Marshal(r)
	if err != nil {
		return err
	}
	if err := c.node.home.Store.Update(ctx, func(tx *store.Tx) error { return tx.Put(favouriteBucket, []byte(r.TelematikID), data) }); err != nil {
		return fmt.Errorf("keep the favourite: %w", err)
	}
	c.mu.Lock()
	c.favourites[r.TelematikID] = r
	c.mu.Unlock()
	c.node.changes.Changed()
	return nil
}

// removeFavourite forgets one; one that is not kept is no error.
func (c *checkins) removeFavourite(ctx context.Context, in control.Favourite) (any, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	err := c.node.home.Store.Update(ctx, func(tx *store.Tx) error {
		if in.TelematikID == "" {
			return nil
		}
		return tx.Delete(favouriteBucket, []byte(in.TelematikID))
	})
	if err != nil {
		return nil, fmt.Errorf("remove the favourite: %w", err)
	}
	c.mu.Lock()
	delete(c.favourites, in.TelematikID)
	c.mu.Unlock()
	c.node.changes.Changed()
	return nil, nil
}
