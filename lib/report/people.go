package report

import (
	"math"
	"strconv"

	"mmstats/lib/escape"
	"mmstats/lib/format"
)

// AppendPeople appends a number for people: at least four digits of it, with
// commas between thousands, and µ or n for a small fraction. In a unit that is known it has three digits and the
// multiple of the unit that suits it; any other unit stands behind it.
func AppendPeople(dst []byte, v format.Value, unit string) []byte {
	switch {
	case v.Class() == format.BoolClass, v.Special() != "":
		return v.AppendText(dst)
	case v.Class() == 0:
		return append(dst, '-')
	}
	if u, ok := format.LookUpUnit(unit); ok {
		return u.AppendText(dst, v.Float())
	}
	if v.Class() == format.FloatClass {
		dst = appendFloat4(dst, v.Float())
	} else {
		dst = AppendExact(dst, v)
	}
	if unit != "" {
		dst = escape.AppendText(append(dst, ' '), []byte(unit))
	}
	return dst
}

// appendFloat4 appends a float in four digits, or in as many as it has before
// the point, without zeros at its end.
func appendFloat4(dst []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case abs >= 1e15:
		return strconv.AppendFloat(dst, f, 'g', 4, 64)
	case abs != 0 && abs < 0.00099995:
		return AppendScaled(dst, format.FloatValue(f))
	case abs >= 999.95:
		f = math.Round(f)
	default:
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 4, 64), 64)
	}
	return AppendExact(dst, format.FloatValue(f))
}

// person appends the value of a row for people.
func (p *Printer) person(row *Row) {
	switch {
	case row.Value.Class() == 0, row.Value.Class() == format.TextClass:
		p.value(row.Value)
	case row.Kind == format.KindConstant && row.Unit == "" && row.Value.Class() != format.FloatClass:
		p.value(row.Value) // the number of a port or a process has no thousands
	default:
		p.Bytes = AppendPeople(p.Bytes, row.Value, row.Unit)
	}
	for _, part := range row.Parts {
		name := part.Part.String()
		switch _, percentile := part.Part.Quantile(); {
		case part.Value.Class() == 0:
		case part.Part == format.PartCount:
			p.Bytes = AppendExact(append(p.Bytes, "  n="...), part.Value)
		case percentile && (name == "p50" || name == "p99"), part.Part == format.PartLast:
			p.part(name, part.Value, row.Unit)
		}
	}
	for _, part := range row.Parts { // the greatest comes last, as in a row of percentiles
		if part.Part == format.PartMax && part.Value.Class() != 0 {
			p.part("max", part.Value, row.Unit)
		}
	}
}

// part appends a part of a stat, on the line of the stat.
func (p *Printer) part(name string, v format.Value, unit string) {
	p.Bytes = append(append(append(p.Bytes, "  "...), name...), ' ')
	p.Bytes = AppendPeople(p.Bytes, v, unit)
}
