package main

import (
	"strings"
	"testing"
)

func TestReadRows(t *testing.T) {
	const head = "# comment\nplz,place,state,district,lat,lon\n"
	rows, err := readRows(strings.NewReader(head + "99998,\"Mühlhausen, Th.\",Thüringen,x,51.2125,10.5625\n01067,Dresden,Sachsen,y,51.0547,13.7269\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Code != 1067 || rows[0].Lat != 510547 || rows[1].Name != "Mühlhausen, Th." || rows[1].Lon != 105625 {
		t.Errorf("rows: %+v", rows)
	}
	for name, text := range map[string]string{
		"empty":          "",
		"no columns":     "a,b\n1,2\n",
		"four digits":    head + "1067,Dresden,Sachsen,y,51,13\n",
		"no number":      head + "0106x,Dresden,Sachsen,y,51,13\n",
		"no latitude":    head + "01067,Dresden,Sachsen,y,,13\n",
		"NaN":            head + "01067,Dresden,Sachsen,y,NaN,13\n",
		"far longitude":  head + "01067,Dresden,Sachsen,y,51,181\n",
		"missing fields": head + "01067,Dresden\n",
	} {
		if _, err := readRows(strings.NewReader(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
