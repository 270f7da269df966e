package patient

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strings"
	"unicode/utf8"

	"pieks/node/control"
	"pieks/node/web"
)

// sortFavourites puts them in the order of their names, as the specification has it (7.3.2).
func sortFavourites(all []control.Favourite) {
	slices.SortStableFunc(all, func(a, b control.Favourite) int {
		return cmp.Or(cmp.Compare(strings.ToLower(called(a)), strings.ToLower(called(b))), cmp.Compare(a.TelematikID, b.TelematikID))
	})
}

// favouritesPage are the favourites, and which of them was given a name that cannot be.
type favouritesPage struct {
	Favourites []control.Favourite
	Wrong      string // Telematik-ID
}

func favourites(c *web.Call) error {
	c.Form = web.NewForm()
	return showFavourites(c, "")
}

func showFavourites(c *web.Call, wrong string) error {
	all, err := web.Ask[[]control.Favourite](c, control.MethodFavourites, nil)
	if err != nil {
		return err
	}
	sortFavourites(all)
	return c.Show("checkin_favourites", favouritesPage{all, wrong})
}

// changeFavourite gives one another name, or removes it.
func changeFavourite(c *web.Call) error {
	all, err := web.Ask[[]control.Favourite](c, control.MethodFavourites, nil)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(f control.Favourite) bool { return f.TelematikID == c.Form.Get("favourite") })
	if i < 0 || c.Form.Again() {
		return c.Go("/checkin/favourites")
	}
	one := all[i]
	if c.Form.Get("do") == "remove" {
		if err := c.Do(control.MethodFavouriteEnd, one); err != nil {
			return err
		}
		id := rand.Text()
		c.Draft().Put(removedDraft, removed{id, one})
		c.TellNotice(web.Notice{Text: c.Say("pt_ci_fav_removed", "Name", called(one)), Undo: id, Until: c.Now().Add(undoFor)})
		return c.Go("/checkin/favourites")
	}
	one.Alias = strings.Join(strings.Fields(c.Form.Get("alias")), " ")
	if utf8.RuneCountInString(one.Alias) > favouriteName || !readable(one.Alias) {
		c.Form.Wrong("alias", c.Say("pt_ci_alias_form"))
		return showFavourites(c, one.TelematikID)
	}
	if _, err := web.Ask[control.Favourite](c, control.MethodFavouriteSet, one); err != nil {
		return err
	}
	c.Tell("pt_saved")
	return c.Go("/checkin/favourites")
}

const removedDraft = "favourite removed"

// removed is the favourite that was removed last.
type removed struct {
	id  string
	one control.Favourite
}

// undo puts it back.
func undo(c *web.Call) error {
	r, ok := web.Taken[removed](c.Draft(), removedDraft)
	if !ok || r.id != c.Form.Get("change") {
		c.TellBad(c.Say("pt_ci_undo_gone"))
		return c.Go("/checkin/favourites")
	}
	_, err := web.Ask[control.Favourite](c, control.MethodFavouriteSet, r.one)
	if code := control.CodeOf(err); code == control.CodeNoInstitution || code == control.CodeFavourites {
		c.TellBad(sentence(c, err))
		return c.Go("/checkin/favourites")
	}
	if err != nil {
		return err
	}
	c.Tell("pt_ci_fav_back", "Name", called(r.one))
	return c.Go("/checkin/favourites")
}
