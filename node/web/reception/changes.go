package reception

import (
	"slices"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// changesPage is what can be taken back, and who has to be called.
type changesPage struct {
	Changes []shownChange
	Doses   doses
}

type shownChange struct {
	control.Change
	Count changeCount
	Calls []control.Changed // of patients without a node
	Stay  []control.Changed
	Words map[string]string
	Undo  bool
}

func shownChangeOf(change control.Change, now time.Time) shownChange {
	s := shownChange{Change: change, Count: countOf(change), Undo: undoable(change, now)}
	for _, v := range change.Visits {
		switch {
		case v.Problem != "":
			s.Stay = append(s.Stay, v)
		case !v.Told:
			s.Calls = append(s.Calls, v)
		}
	}
	sortChanged(s.Calls)
	sortChanged(s.Stay)
	return s
}

func showChanges(c *web.Call) error {
	all, err := web.Ask[[]control.Change](c, control.MethodChanges, nil)
	if err != nil {
		return err
	}
	p := changesPage{Doses: dosesOf(c)}
	for _, change := range all {
		s := shownChangeOf(change, c.Now())
		s.Words = words(c, change)
		p.Changes = append(p.Changes, s)
	}
	return c.Show("changes", p)
}

// undo takes a change back as far as it can be.
func undo(c *web.Call) error {
	change, err := web.Ask[control.Change](c, control.MethodUndo, control.UndoRequest{Change: c.Form.Get("change")})
	if refused(err) || control.KindOf(err) == control.KindNotFound {
		c.TellBad(c.Sentence(err))
		return c.Go("/changes")
	}
	if err != nil {
		return err
	}
	change.Until = time.Time{} // taking it back is not taken back
	day := ""
	if i := slices.IndexFunc(change.Visits, func(v control.Changed) bool { return v.Problem == "" && v.To != nil }); i >= 0 {
		day = isoDay(change.Visits[i].To.Start)
	}
	return changed(c, change, "rc_undone", day)
}
