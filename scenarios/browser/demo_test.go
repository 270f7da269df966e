package browser

import (
	"context"
	"testing"

	"pieks/node/control"
	"pieks/scenarios"
)

// demo is the demo with its nodes going on.
type demo struct {
	t testing.TB
	scenarios.Stage
}

func startDemo(t testing.TB) *demo {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stage, done := make(chan scenarios.Stage, 1), make(chan error, 1)
	go func() {
		_, err := scenarios.Demo(ctx, scenarios.DemoOptions{Listen: "127.0.0.1:0", Stay: func(s scenarios.Stage) { stage <- s }})
		done <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	})
	select {
	case s := <-stage:
		return &demo{t, s}
	case err := <-done:
		done <- nil
		t.Fatalf("the demo: %v", err)
		return nil
	}
}

// link is one that lets a browser into a node's app.
func (d *demo) link(name, person string) string {
	d.t.Helper()
	node, err := d.Net.Node(name)
	if err != nil {
		d.t.Fatal(err)
	}
	link, err := node.Link(person)
	if err != nil {
		d.t.Fatal(err)
	}
	return link.URL
}

// app is where a node's app is.
func (d *demo) app(name string) string {
	d.t.Helper()
	node, err := d.Net.Node(name)
	if err != nil {
		d.t.Fatal(err)
	}
	shown, err := node.Show("")
	if err != nil {
		d.t.Fatal(err)
	}
	return shown.URL()
}

// ask calls a method of a node.
func ask[Out any](d *demo, name, method string, in any) (out Out) {
	d.t.Helper()
	node, err := d.Net.Node(name)
	if err == nil {
		err = node.Call(d.t.Context(), method, in, &out)
	}
	if err != nil {
		d.t.Fatalf("%s of %s: %v", method, name, err)
	}
	return out
}

// bookings are those of a node.
func (d *demo) bookings(name string) []control.Booking {
	d.t.Helper()
	return ask[[]control.Booking](d, name, control.MethodBookings, nil)
}
