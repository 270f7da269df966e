package patient

import (
	"cmp"
	"maps"
	"slices"

	"pieks/node/control"
	"pieks/node/web"
)

// catalogue is the network's vaccines by code.
type catalogue map[string]control.Vaccine

func vaccines(c *web.Call) (catalogue, error) {
	list, err := web.Ask[[]control.Vaccine](c, control.MethodVaccines, nil)
	if err != nil {
		return nil, err
	}
	all := make(catalogue, len(list))
	for _, v := range list {
		all[v.Code] = v
	}
	return all, nil
}

// list is all of them by name.
func (all catalogue) List() []control.Vaccine {
	return slices.SortedFunc(maps.Values(all), func(a, b control.Vaccine) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Code, b.Code))
	})
}

// Name is how a vaccine is called; its code when the network no longer has it.
func (all catalogue) Name(code string) string {
	if v, ok := all[code]; ok && v.Name != "" {
		return v.Name
	}
	return code
}

// series says whether a vaccine has more than one dose.
func (all catalogue) series(code string) bool { return all[code].Doses > 1 }

// Said is a vaccine with its dose, where it has more than one.
func (all catalogue) Said(v web.View, code string, dose int) string {
	if dose == 0 || !all.series(code) {
		return all.Name(code)
	}
	return v.Say("pt_dose", "Name", all.Name(code), "Dose", dose)
}
