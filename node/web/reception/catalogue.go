package reception

import (
	"slices"

	"pieks/node/control"
	"pieks/node/web"
)

// catalogue is the network's vaccines, by name.
type catalogue []control.Vaccine

func vaccines(c *web.Call) (catalogue, error) {
	return web.Ask[catalogue](c, control.MethodVaccines, nil)
}

// Of is the vaccine of a code; one that the network no longer has goes by its code.
func (k catalogue) Of(code string) control.Vaccine {
	if i := slices.IndexFunc(k, func(v control.Vaccine) bool { return v.Code == code }); i >= 0 {
		return k[i]
	}
	return control.Vaccine{Code: code, Name: code, Doses: 1}
}

// Name is how people call it.
func (k catalogue) Name(code string) string { return k.Of(code).Name }

// doses are the texts "1. Dosis", ... of a page, said once.
type doses map[int]string

func dosesOf(c *web.Call) doses {
	d := doses{0: c.Say("vaccine_any_dose")}
	for n := 1; n <= 9; n++ {
		d[n] = c.Say("rc_dose", "Dose", n)
	}
	return d
}
