package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
)

//go:embed static pages
var content embed.FS

// contentTypes are those of the files that pages load.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// pages are the pages and the files that they load.
type pages struct {
	html, static map[string]static // by name
}

// A static is a page, or a file that pages load.
type static struct {
	body []byte
	hash string // what stands for the body in addresses and tags
}

func newStatic(body []byte) static {
	sum := sha256.Sum256(body)
	return static{body, hex.EncodeToString(sum[:8])}
}

// A pageData is what a page is told.
type pageData struct {
	Host, Looks, Version string
	History              float64 // in seconds
	Recorded             bool    // Looks is an archive
}

// newPages makes the pages.
func newPages(data pageData) (*pages, error) {
	p := &pages{html: make(map[string]static), static: make(map[string]static)}
	files, err := fs.Sub(content, "static")
	if err == nil {
		err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || contentTypes[path.Ext(name)] == "" {
				return err
			}
			body, err := fs.ReadFile(files, name)
			p.static[name] = newStatic(body)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	for name, root := range map[string]string{"index.html": "", "graph.html": "../"} {
		// An address changes with what it leads to, so that it can be kept.
		address := func(file string) string { return root + "static/" + file + "?v=" + p.static[file].hash }
		t, err := template.New("").Funcs(template.FuncMap{"static": address}).ParseFS(content, "pages/*.html")
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, name, data); err != nil {
			return nil, err
		}
		p.html[name] = newStatic(b.Bytes())
	}
	return p, nil
}

// page answers with a page.
func (s *server) page(w *response, r *http.Request, name string) {
	w.Header().Set("Cache-Control", "no-cache")
	s.cached(w, r, "text/html; charset=utf-8", s.pages.html[name])
}

// static answers with a file that pages load.
func (s *server) static(w *response, r *http.Request, name string) error {
	file, ok := s.pages.static[name]
	if !ok {
		return errNoPage
	}
	if r.URL.Query().Get("v") == file.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	s.cached(w, r, contentTypes[path.Ext(name)], file)
	return nil
}
