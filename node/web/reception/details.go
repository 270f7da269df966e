package reception

import (
	"fmt"
	"strings"

	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/web"
)

// The fields of the hours of a weekday: two spans, from and to, h1a1 h1b1 h1a2 h1b2 for Monday.
func hourFields(weekday, i int) (from, to string) {
	return fmt.Sprintf("h%da%d", weekday, i), fmt.Sprintf("h%db%d", weekday, i)
}

// spansPerDay of the form: morning and afternoon.
const spansPerDay = 2

// usualHours are what a practice begins with: mornings, and three afternoons.
func usualHours() (hours []control.Hours) {
	for day := 1; day <= 5; day++ {
		hours = append(hours, control.Hours{Weekday: day, From: "08:00", To: "12:00"})
		if day == 1 || day == 2 || day == 4 {
			hours = append(hours, control.Hours{Weekday: day, From: "15:00", To: "18:00"})
		}
	}
	return hours
}

// fillDetails puts details into a form.
func fillDetails(f *web.Form, d control.Details) {
	f.Set("name", d.Name)
	f.Set("street", d.Street)
	f.Set("plz", d.PLZ)
	f.Set("phone", d.Phone)
	f.Set("directions", d.Directions)
}

func fillHours(f *web.Form, hours []control.Hours) {
	next := map[int]int{}
	for _, h := range hours {
		next[h.Weekday]++
		from, to := hourFields(h.Weekday, next[h.Weekday])
		f.Set(from, h.From)
		f.Set(to, h.To)
	}
}

// readDetails reads the form and says what is wrong with it. The node checks all of it again.
func readDetails(c *web.Call) control.Details {
	f := c.Form
	d := control.Details{Name: f.Get("name"), Street: f.Get("street"), PLZ: f.Get("plz"), Phone: f.Get("phone"),
		Directions: strings.Join(strings.Fields(f.Get("directions")), " ")}
	for _, field := range []struct{ name, value string }{{"name", d.Name}, {"street", d.Street}, {"phone", d.Phone}} {
		if field.value == "" {
			f.Wrong(field.name, c.Say("rc_wrong_"+field.name+"_practice"))
		}
	}
	if _, err := place.ParsePLZ(d.PLZ); err != nil {
		f.Wrong("plz", c.Say("rc_wrong_plz"))
	}
	for _, field := range []struct {
		name, value string
		most        int
	}{{"name", d.Name, maxPractice}, {"street", d.Street, maxStreet}, {"phone", d.Phone, maxPhone}, {"directions", d.Directions, maxDirections}} {
		if len(field.value) > field.most {
			f.Wrong(field.name, c.Say("rc_wrong_long"))
		}
	}
	return d
}

// readHours reads the hours of the form.
func readHours(c *web.Call) (hours []control.Hours) {
	f := c.Form
	for day := 1; day <= 7; day++ {
		before := ""
		for i := 1; i <= spansPerDay; i++ {
			a, b := hourFields(day, i)
			from, to := f.Get(a), f.Get(b)
			switch {
			case from == "" && to == "":
				continue
			case !clockOK(from):
				f.Wrong(a, c.Say("rc_wrong_hours", "Weekday", web.Weekday(c.Lang, day)))
			case !clockOK(to) || to <= from:
				f.Wrong(b, c.Say("rc_wrong_hours", "Weekday", web.Weekday(c.Lang, day)))
			case from < before:
				f.Wrong(a, c.Say("rc_wrong_hours", "Weekday", web.Weekday(c.Lang, day)))
			}
			before = to
			hours = append(hours, control.Hours{Weekday: day, From: from, To: to})
		}
	}
	return hours
}

// hourRow is a weekday of the form.
type hourRow struct {
	Weekday int
	Fields  []string // a1 b1 a2 b2
	Problem string
}

func hourRows(f *web.Form) (rows []hourRow) {
	for day := 1; day <= 7; day++ {
		r := hourRow{Weekday: day}
		for i := 1; i <= spansPerDay; i++ {
			from, to := hourFields(day, i)
			r.Fields = append(r.Fields, from, to)
		}
		for _, name := range r.Fields {
			if p := f.Problem(name); p != "" && r.Problem == "" {
				r.Problem = p
			}
		}
		rows = append(rows, r)
	}
	return rows
}
