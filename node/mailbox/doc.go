// Package mailbox keeps sealed envelopes on relays for who is offline.
package mailbox
