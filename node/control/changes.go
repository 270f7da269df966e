package control

import "sync"

// Changes wakes those who show what a node knows when that may look different now. The zero value is ready.
type Changes struct {
	mu   sync.Mutex
	next chan struct{}
}

// Next is closed at the next change. Ask for it before looking, so that no change is missed.
func (c *Changes) Next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = make(chan struct{})
	}
	return c.next
}

// Changed says that something changed. It never blocks.
func (c *Changes) Changed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}
