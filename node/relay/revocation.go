package relay

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"pieks/card"
)

// maxCRL: a list of 100,000 cards has 2.7 MB; gematik's CAs have issued fewer each.
const maxCRL = 16 << 20

// revocations are the revocation lists of card CAs that a relay was given as files. A file is read again when it has changed, so that whatever fetches
// it need not tell the relay.
type revocations struct {
	log *slog.Logger

	mu    sync.Mutex
	files []*crlFile
}

type crlFile struct {
	path    string
	changed time.Time
	list    *card.RevocationList
}

// loadRevocations reads all files; one that cannot be read ends the start.
func loadRevocations(paths []string, log *slog.Logger) (*revocations, error) {
	r := &revocations{log: log}
	for _, path := range paths {
		f := &crlFile{path: path}
		if err := f.load(); err != nil {
			return nil, err
		}
		r.files = append(r.files, f)
	}
	return r, nil
}

// lists are the lists as they are now. One that was replaced by something else stays as it was, until it is too old to count.
func (r *revocations) lists() []*card.RevocationList {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lists []*card.RevocationList
	for _, f := range r.files {
		if info, err := os.Stat(f.path); err == nil && !info.ModTime().Equal(f.changed) {
			if err := f.load(); err != nil {
				r.log.Warn("the revocation list was replaced by one that cannot be read", "err", err)
			}
		}
		lists = append(lists, f.list)
	}
	return lists
}

func (f *crlFile) load() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("read the revocation list: %w", err)
	}
	if info.Size() > maxCRL {
		return fmt.Errorf("read the revocation list %s: larger than %d bytes", f.path, maxCRL)
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("read the revocation list: %w", err)
	}
	if block, _ := pem.Decode(bytes.TrimSpace(data)); block != nil {
		data = block.Bytes
	}
	list, err := card.ParseCRL(data)
	if err != nil {
		return fmt.Errorf("read the revocation list %s: %w", f.path, err)
	}
	f.list, f.changed = list, info.ModTime()
	return nil
}
