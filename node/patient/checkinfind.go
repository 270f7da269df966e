package patient

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"pieks/node/checkin/directory"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/vzd"
	"pieks/node/control"
)

// errNoInstitution is the hint of A_28488: nothing is begun, and its user turns to the institution.
var errNoInstitution = errors.New("no directory knows this institution: ask the staff there")

// remembered are results of the directory service that were shown, so that a check-in begins from what its user saw, without another question.
type remembered struct {
	order []string // Telematik-IDs, the newest last
	by    map[string]remembering
}

type remembering struct {
	institutions []control.Institution
	until        time.Time
}

func (m *remembered) put(found []control.Institution, now time.Time) {
	if m.by == nil {
		m.by = map[string]remembering{}
	}
	fresh := map[string][]control.Institution{}
	for _, i := range found {
		fresh[i.TelematikID] = append(fresh[i.TelematikID], i)
	}
	for id, list := range fresh {
		m.order = append(slices.DeleteFunc(m.order, func(other string) bool { return other == id }), id)
		m.by[id] = remembering{list, now.Add(rememberFor)}
	}
	for len(m.order) > maxRemembered {
		delete(m.by, m.order[0])
		m.order = slices.Delete(m.order, 0, 1)
	}
}

func (m *remembered) get(id string, now time.Time) []control.Institution {
	r := m.by[id]
	if !now.Before(r.until) {
		return nil
	}
	return r.institutions
}

// scan reads a code, or a Telematik-ID that somebody pasted. Nothing is looked up, and nobody asked, before it was read; a link is never followed (A_27595).
func (c *checkins) scan(ctx context.Context, in control.CheckinScan) (control.CheckinTarget, error) {
	out := control.CheckinTarget{Institutions: []control.Institution{}}
	text := strings.TrimSpace(in.Text)
	if id, err := popp.ParseTelematikID(text); err == nil {
		out.TelematikID = string(id)
	} else {
		code, err := popp.ParseQR([]byte(in.Text))
		if err != nil {
			return out, control.Coded(control.KindUsage, control.CodeCheckinQR, "%w", err)
		}
		out.TelematikID, out.Workplace = string(code.TelematikID), string(code.Workplace)
	}
	found, err := c.lookUp(ctx, out.TelematikID, "")
	if err != nil {
		return out, err
	}
	out.Institutions = found
	return out, nil
}

// lookUp finds institutions by their Telematik-ID: in this node's own copy of the mesh's directory, then at the directory service.
func (c *checkins) lookUp(ctx context.Context, id, origin string) ([]control.Institution, error) {
	if origin != vzd.Origin {
		if found := shownEntries(c.directory.With(id)); len(found) > 0 {
			return found, nil
		}
	}
	if origin == directory.Origin || !c.hasDirectoryService() {
		return nil, control.Coded(control.KindNotFound, control.CodeNoInstitution, "%w", errNoInstitution)
	}
	request, err := vzd.Request(control.InstitutionQuery{TelematikID: id})
	if err != nil {
		return nil, control.Coded(control.KindUsage, control.CodeTelematikID, "%w", err)
	}
	return c.lookUpAt(ctx, request)
}

// lookUpAt asks the directory service and wants an answer.
func (c *checkins) lookUpAt(ctx context.Context, request string) ([]control.Institution, error) {
	result, err := c.askDirectory(ctx, request)
	if err != nil {
		return nil, control.Errorf(control.KindUnavailable, "The directory service did not answer: %w", err)
	}
	if len(result.Institutions) == 0 {
		return nil, control.Coded(control.KindNotFound, control.CodeNoInstitution, "%w", errNoInstitution)
	}
	return result.Institutions, nil
}

func shownEntries(entries []directory.Entry) []control.Institution {
	list := make([]control.Institution, 0, len(entries))
	for _, e := range entries {
		list = append(list, e.Shown())
	}
	return list
}

// institutions searches both directories. What the mesh lists is found here; the words of the search go to the directory service, where one is set
// up, and nothing else.
func (c *checkins) institutions(ctx context.Context, q control.InstitutionQuery) (control.InstitutionList, error) {
	out := control.InstitutionList{Institutions: []control.Institution{}}
	var request string
	var err error
	if q.FHIRSearch != "" {
		if request = q.FHIRSearch; q != (control.InstitutionQuery{FHIRSearch: request}) {
			return out, control.Errorf(control.KindUsage, "A ready search request stands alone.")
		}
		err = vzd.CheckRequest(request)
	} else {
		out.Institutions = append(out.Institutions, c.directory.Search(q)...)
		if c.hasDirectoryService() {
			request, err = vzd.Request(q)
		}
	}
	if err != nil {
		return out, control.Errorf(control.KindUsage, "%w", err)
	}
	switch {
	case c.hasDirectoryService():
		result, err := c.askDirectory(ctx, request)
		switch {
		case err != nil:
			out.Partial, out.Message = true, "The directory service did not answer: only what the network lists is shown."
			c.node.log.Debug("directory service", "err", err)
		case result.More:
			out.Partial, out.Message = true, "There are more than are shown: search for something more precise."
		}
		out.Institutions = merge(out.Institutions, result.Institutions)
	case q.FHIRSearch != "":
		return out, control.Errorf(control.KindUnavailable, "No directory service is set up here: search by name or postcode.")
	}
	out.Professions = directory.Professions(out.Institutions)
	return out, nil
}

// merge adds what the first list has not got: who lists itself in the mesh is reached there.
func merge(list, more []control.Institution) []control.Institution {
	has := map[string]bool{}
	for _, i := range list {
		has[i.TelematikID] = true
	}
	for _, i := range more {
		if !has[i.TelematikID] {
			list = append(list, i)
		}
	}
	return list
}

// hasDirectoryService says whether somebody outside can be asked for institutions.
func (c *checkins) hasDirectoryService() bool { return c.cfg.Directory != "" || c.hasService() }

// askDirectory asks the directory service and remembers what it said.
func (c *checkins) askDirectory(ctx context.Context, request string) (vzd.Result, error) {
	result, err := c.searchDirectory(ctx, request)
	if err != nil {
		return result, err
	}
	c.mu.Lock()
	c.found.put(result.Institutions, c.node.home.Now())
	c.mu.Unlock()
	return result, nil
}

// choose finds the institution that a check-in is to begin with. A kept or a shown one costs no question (A_28512).
func (c *checkins) choose(ctx context.Context, in control.CheckinBegin) (control.Institution, error) {
	found, err := c.candidates(ctx, in)
	if err != nil {
		return control.Institution{}, err
	}
	if in.Institution < 0 || in.Institution >= len(found) {
		return control.Institution{}, control.Coded(control.KindNotFound, control.CodeNoInstitution, "%w", errNoInstitution)
	}
	return found[in.Institution], nil
}

func (c *checkins) candidates(ctx context.Context, in control.CheckinBegin) ([]control.Institution, error) {
	if in.FHIRSearch != "" {
		if err := vzd.CheckRequest(in.FHIRSearch); err != nil {
			return nil, control.Errorf(control.KindUsage, "%w", err)
		}
		if !c.hasDirectoryService() {
			return nil, control.Coded(control.KindNotFound, control.CodeNoInstitution, "%w", errNoInstitution)
		}
		return c.lookUpAt(ctx, in.FHIRSearch)
	}
	if in.Origin != vzd.Origin {
		if found := shownEntries(c.directory.With(in.TelematikID)); len(found) > 0 {
			return found, nil
		}
	}
	if in.Origin != directory.Origin {
		c.mu.Lock()
		seen := c.found.get(in.TelematikID, c.node.home.Now())
		c.mu.Unlock()
		if len(seen) > 0 {
			return seen, nil
		}
	}
	if f, kept := c.favourite(in.TelematikID); kept && f.Origin == vzd.Origin && in.Origin != directory.Origin {
		return []control.Institution{f.institution()}, nil
	}
	return c.lookUp(ctx, in.TelematikID, in.Origin)
}

// known is an institution that was looked at: listed in the mesh, shown a moment ago, or of a check-in that is kept.
func (c *checkins) known(id string) (control.Institution, error) {
	if found := c.directory.With(id); len(found) > 0 {
		return found[0].Shown(), nil
	}
	c.mu.Lock()
	seen := c.found.get(id, c.node.home.Now())
	c.mu.Unlock()
	if len(seen) > 0 {
		return seen[0], nil
	}
	for _, e := range c.all() {
		if e.institution.TelematikID == id {
			return e.institution, nil
		}
	}
	return control.Institution{}, errNotKnown
}

// syncDirectory brings the copy up to date when a relay is reached, and now and then. It is never asked for because somebody looks for a practice: a relay
// could guess from that when one checks in.
func (c *checkins) syncDirectory(ctx context.Context) {
	n := c.node
	for ctx.Err() == nil {
		changed := n.relayChange()
		if relay := n.relay.Load(); relay != nil && n.reached() {
			syncing, cancel := context.WithTimeout(ctx, greetTimeout)
			news, err := c.directory.Sync(syncing, n.host, relay.ID)
			cancel()
			if err != nil && ctx.Err() == nil {
				n.log.Debug("directory not synced", "err", err)
			}
			if news {
				n.changes.Changed()
			}
		}
		timer := time.NewTimer(syncDirectoryEvery/2 + rand.N(syncDirectoryEvery)) // not all patients at once
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}
