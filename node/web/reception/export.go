package reception

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"

	"pieks/node/web"
)

// export is the history as a table for a spreadsheet.
func export(c *web.Call) error {
	f := readFilter(c.R.URL.Query(), c.Now())
	rows, err := history(c, f)
	if err != nil {
		return err
	}
	var head []string
	for _, key := range []string{"date", "time", "name", "birth", "phone", "vaccine", "dose", "state", "arrived", "lot"} {
		head = append(head, c.Say("rc_csv_"+key))
	}
	words := states(c)
	words["booked"] = c.Say("rc_state_unnoted")
	data, err := table(head, rows, words)
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "text/csv; charset=utf-8")
	c.W.Header().Set("Content-Disposition", `attachment; filename="pieks-`+f.From+`-`+f.To+`.csv"`)
	_, err = c.W.Write(data)
	return err
}

// table is CSV as German spreadsheets open it: semicolons, and the mark that says UTF-8.
func table(head []string, rows []row, states map[string]string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.Comma, w.UseCRLF = ';', true
	if err := w.Write(head); err != nil {
		return nil, err
	}
	for _, r := range rows {
		arrived, dose := "", ""
		if !r.Attended.IsZero() {
			arrived = r.Attended.In(web.Berlin).Format("15:04")
		}
		if r.Dose > 0 {
			dose = strconv.Itoa(r.Dose)
		}
		cells := []string{isoDay(r.Start), r.Start.In(web.Berlin).Format("15:04"), r.Name, r.Birth, r.Phone, r.Vaccine, dose, states[r.State], arrived, r.Lot}
		for i := range cells {
			cells[i] = cell(cells[i])
		}
		if err := w.Write(cells); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// cell keeps a spreadsheet from taking a text for a formula: patients choose their names themselves.
func cell(text string) string {
	if strings.IndexAny(text, "=+-@\t\r\n") == 0 {
		return "'" + text
	}
	return text
}
