package main

import (
	"os"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/output"
)

// An exporter is a page whose rows can be written to a file.
type exporter interface {
	// columns returns the names of the columns.
	columns() []string
	// export writes the rows that are shown.
	export(rows *output.Rows)
}

// export writes the rows of the page to a new file in the working directory, and
// says so in the last line.
func (s *screen) export(f output.Format) {
	page, ok := s.current().page.(exporter)
	if !ok {
		return
	}
	name := "pollstats-" + time.Now().Format("20060102T150405") + "." + f.String()
	if err := exportFile(name, f, page); err != nil {
		s.message = escape.Text(cli.Reason(err))
		return
	}
	s.message = "wrote " + name
}

// exportFile writes the rows of a page to a file, which must not be there.
func exportFile(name string, f output.Format, page exporter) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	b := output.NewBuffer(file)
	rows := output.NewRows(b, f)
	if f == output.TSV {
		rows.Header(page.columns()...)
	}
	page.export(rows)
	err = b.Flush()
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(name) // half a file
	}
	return err
}

func (l *listPage) columns() []string {
	return []string{"label", "value", "rate", "min", "avg", "max", "usually", "unusual"}
}

func (l *listPage) export(rows *output.Rows) {
	for i := range l.list {
		s := l.list[i].stat
		if s == nil {
			continue
		}
		value := s.value
		if s.isWide() {
			value = format.TextValue([]byte(s.shown))
		}
		rows.Text("label", []byte(s.label))
		rows.Value("value", value)
		for _, c := range []struct {
			name   string
			column int
		}{{"rate", columnRate}, {"min", columnMin}, {"avg", columnAvg}, {"max", columnMax}, {"usually", columnUsual}} {
			rows.Value(c.name, s.column(c.column))
		}
		rows.Bool("unusual", s.judgement.unusual)
		rows.End()
	}
}
