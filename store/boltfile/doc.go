// Package boltfile reads the file format of bbolt (version 2) without bbolt and without trusting a byte of it.
//
// bbolt maps its file and follows page numbers and offsets as they come: a file cut in half or overwritten in places
// ends in a panic, and often in a memory fault that no recover catches, even in its own Tx.Check. So a store is walked with this package before bbolt
// may open it. Every page number is held against the high-water mark, every offset against its page, every page is
// visited once, keys have to ascend. What passes can be opened by bbolt.
//
// Layout, in the byte order of the machine, 64 bit (go.etcd.io/bbolt v1.5.0, internal/common):
//
//	page    id (8) flags (2) count (2) overflow (4), then by flags: 1 branch, 2 leaf, 4 meta, 16 freelist
//	meta    magic (4) version (4) page size (4) flags (4) root page (8) sequence (8) freelist page (8)
//	        high-water page (8) transaction id (8) FNV-64a of all before (8)
//	branch  elements: key offset from here (4) key size (4) child page (8); then the keys
//	leaf    elements: flags (4, 1 = bucket) offset from here (4) key size (4) value size (4); then keys and values
//	bucket  root page (8) sequence (8); root page 0: an inline leaf page follows
package boltfile
