// Package gossip is what nodes tell each other in public: slot sheets under practice pseudonyms, the blind-signed
// passes that admit the pseudonyms, the pool that keeps the newest sheets, and how they travel.
package gossip
