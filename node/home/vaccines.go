package home

import (
	"cmp"
	"context"
	"slices"

	"pieks/node/control"
)

// Vaccines is the network's catalogue by name, as practices and patients show it.
func (h *Home) Vaccines(context.Context) ([]control.Vaccine, error) {
	list := []control.Vaccine{}
	policy := h.Network.Policy()
	if policy == nil {
		return list, nil
	}
	for _, v := range policy.Vaccines {
		list = append(list, control.Vaccine{
			Code: v.Code, Name: v.Name, Doses: int(v.Doses), VialDoses: int(v.VialDoses),
			MinInterval: v.IntervalDays[0], MaxInterval: v.IntervalDays[1],
		})
	}
	slices.SortFunc(list, func(a, b control.Vaccine) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Code, b.Code))
	})
	return list, nil
}
