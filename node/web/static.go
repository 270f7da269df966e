package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static templates text
var files embed.FS

// staticVersion is part of the path of static files, so that a browser keeps them for good and still takes those of a newer version.
var staticVersion, statics = serveStatics()

func serveStatics() (string, http.Handler) {
	h := sha256.New()
	all := map[string][]byte{}
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(name)
		all[strings.TrimPrefix(name, "static/")] = data
		h.Write([]byte(name))
		h.Write(data)
		return err
	})
	if err != nil {
		panic(err) // embedded files can be read
	}
	version := hex.EncodeToString(h.Sum(nil)[:6])
	return version, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, "/static/"+version+"/")
		data, found := all[name]
		if !ok || !found {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		kind := mime.TypeByExtension(path.Ext(name))
		if path.Ext(name) == ".js" {
			kind = "text/javascript; charset=utf-8"
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(data)
	})
}
