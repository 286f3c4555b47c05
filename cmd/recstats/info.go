package main

import (
	"fmt"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/output"
)

type infoOptions struct {
	Output string `short:"o" long:"output" choices:"text tsv json" value-name:"FORMAT" description:"text, tsv or json; without it text on a terminal, else tsv"`
	JSON   bool   `short:"j" description:"The same as -o json"`
	Header bool   `long:"header" description:"Put the names of the columns above tsv"`
}

// infoColumns are those of tsv, and the keys of json.
var infoColumns = []string{"segment", "from", "to", "ticks", "interval", "files", "stats", "bytes", "damaged", "note"}

// info shows the segments of an archive, and returns the status.
func info(a *cli.App, o *infoOptions, path string, ar *archive.Archive) int {
	f, err := cli.Format(o.Output, o.JSON, a.Stdout, output.Text, output.TSV, output.JSON)
	if err != nil {
		return a.Misuse("%s", err)
	}
	b := output.NewBuffer(a.Stdout)
	rows := output.NewRows(b, f)
	if f == output.TSV && o.Header {
		rows.Header(infoColumns...)
	}
	for s, err := range ar.Segments() {
		if err != nil {
			a.Error(err)
			break
		}
		if f == output.Text {
			b.Bytes = appendSegment(b.Bytes, &s)
		} else {
			segmentRow(rows, &s)
		}
		for _, d := range s.Damage {
			// What a killed recorder was writing was never recorded.
			if !d.Torn {
				a.Errorf("%s: %s", path, d)
			}
		}
	}
	if err := b.Flush(); err != nil {
		return a.OutputFailed(err)
	}
	return a.Status()
}

// damaged returns how many bytes of a segment cannot be read.
func damaged(s *archive.SegmentInfo) (n int64) {
	for _, d := range s.Damage {
		if !d.Torn {
			n += d.Size
		}
	}
	return n
}

func segmentRow(r *output.Rows, s *archive.SegmentInfo) {
	r.Text("segment", []byte(s.Name))
	if s.Records > 0 {
		r.Text("from", appendTime(nil, s.First))
		r.Text("to", appendTime(nil, s.Last))
	} else {
		r.Absent("from")
		r.Absent("to")
	}
	r.Int("ticks", int64(s.Records))
	r.Value("interval", format.FloatValue(s.Interval.Seconds()))
	r.Int("files", int64(s.Files))
	r.Int("stats", int64(s.Stats))
	r.Int("bytes", s.Size)
	r.Int("damaged", damaged(s))
	if n := len(s.Notes); n > 0 {
		r.Text("note", []byte(s.Notes[n-1]))
	} else {
		r.Absent("note")
	}
	r.End()
}

// appendTime appends a time as machine formats have it.
func appendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
}

var unitOfSizes, _ = format.LookUpUnit("bytes")

// appendSegment appends a segment for people.
func appendSegment(dst []byte, s *archive.SegmentInfo) []byte {
	dst = escape.AppendText(dst, []byte(s.Name))
	dst = unitOfSizes.AppendText(append(dst, "  "...), float64(s.Size))
	dst = append(dst, '\n')
	if s.Records > 0 {
		dst = fmt.Appendf(dst, "    %s to %s, %s every %v, %s in %s\n",
			s.First.Format(time.DateTime), s.Last.Format(time.DateTime),
			cli.Plural(s.Records, "tick"), s.Interval, cli.Plural(s.Stats, "stat"), cli.Plural(s.Files, "file"))
	}
	for _, note := range s.Notes {
		dst = append(dst, "    note: "...)
		dst = escape.AppendText(dst, []byte(note))
		dst = append(dst, '\n')
	}
	if n := damaged(s); n > 0 {
		dst = fmt.Appendf(dst, "    %d bytes are damaged\n", n)
	}
	return dst
}
