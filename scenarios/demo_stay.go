package scenarios

import (
	"context"
	"errors"
	"slices"

	"pieks/node/control"
	"pieks/node/web/start"
)

// demoShown are the patients whose apps the demo shows: the practices and a relay are shown, too.
var demoShown = []string{"erika", "otto"}

// stay shows the apps of the demo and a start page with the ways into them, until ctx ends.
func (d *demo) stay(ctx context.Context) (err error) {
	stage := Stage{Net: d.net}
	var places []start.Place
	relays := 0
	for _, name := range d.net.order {
		node := d.net.nodes[name]
		home := DemoHome{Name: name, Role: node.Role, Home: d.net.home(name)}
		title := name
		switch node.Role {
		case "practice":
			home.About = node.details.Street + ", " + node.details.PLZ + " " + placeName(node.details.PLZ)
			title = node.details.Name
		case "patient":
			home.About = node.plz + " " + placeName(node.plz)
			title = personName(name)
		case "relay":
			relays++
		}
		if node.Role == "practice" || node.Role == "relay" && relays == 1 || slices.Contains(demoShown, name) {
			link, err := node.Link("")
			if err != nil {
				return err
			}
			home.Link = link.URL
			places = append(places, start.Place{Name: name, Role: node.Role, Title: title, About: home.About,
				Link: func() (control.Opened, error) { return node.Link("") }})
		}
		stage.Homes = append(stage.Homes, home)
	}
	page, err := d.net.openStart(ctx, d.opts.Listen, places)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, page.Close()) }()
	stage.Open = func() string {
		link, _ := page.Link("") // it has no other person
		return link.URL
	}
	d.opts.Stay(stage)
	<-ctx.Done()
	return nil
}

func personName(name string) string {
	for _, p := range demoPatients {
		if p.name == name {
			return p.person
		}
	}
	return name
}
