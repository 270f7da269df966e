package gossip

import (
	"crypto/sha256"
	"sync"
)

// passCache remembers passes whose signature was verified, by pseudonym. It has two generations: when the young one is
// full it becomes the old one, and the old one is forgotten.
type passCache struct {
	mu         sync.Mutex
	young, old map[[32]byte][32]byte
}

// fingerprint binds every byte of the pass.
func (p *Pass) fingerprint() [32]byte {
	b := make([]byte, 0, 512)
	b = append(b, p.message()...)
	b = append(b, p.Issuer[:]...)
	b = append(b, p.Prefix[:]...)
	b = append(b, p.Signature...)
	return sha256.Sum256(b)
}

func (c *passCache) has(pub, fingerprint [32]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if got, ok := c.young[pub]; ok {
		return got == fingerprint
	}
	if c.old[pub] != fingerprint {
		return false
	}
	c.add(pub, fingerprint)
	return true
}

func (c *passCache) put(pub, fingerprint [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(pub, fingerprint)
}

func (c *passCache) add(pub, fingerprint [32]byte) {
	if c.young == nil || len(c.young) >= passCacheGeneration {
		c.young, c.old = make(map[[32]byte][32]byte), c.young
	}
	c.young[pub] = fingerprint
}

func (c *passCache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.young) + len(c.old)
}
