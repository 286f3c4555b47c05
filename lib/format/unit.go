package format

import (
	"math"
	"strconv"
	"time"
)

// A Unit is one that the tools know: mmstats(5), DESCRIPTIONS OF STATS.
type Unit struct {
	// Name is what descriptions call it.
	Name string
	// Base is the unit that Prometheus measures the same in, with which the
	// names of its metrics end: seconds, bytes, ratio, celsius or hertz.
	Base string

	// A value times mul, divided by div, is one in Base. One of the two is 1,
	// because 45/1000 is the nearest float to 0.045, and 45*0.001 is not.
	mul, div float64
	text     func(dst []byte, base float64) []byte
	rate     func(dst []byte, base float64) []byte // nil where it is text a second
}

var units = [...]Unit{
	{Name: "ns", Base: "seconds", mul: 1, div: 1e9, text: appendSeconds, rate: appendShare},
	{Name: "us", Base: "seconds", mul: 1, div: 1e6, text: appendSeconds, rate: appendShare},
	{Name: "ms", Base: "seconds", mul: 1, div: 1e3, text: appendSeconds, rate: appendShare},
	{Name: "seconds", Base: "seconds", mul: 1, div: 1, text: appendSeconds, rate: appendShare},
	{Name: "bytes", Base: "bytes", mul: 1, div: 1, text: appendBytes},
	{Name: "KiB", Base: "bytes", mul: 1 << 10, div: 1, text: appendBytes},
	{Name: "MiB", Base: "bytes", mul: 1 << 20, div: 1, text: appendBytes},
	{Name: "GiB", Base: "bytes", mul: 1 << 30, div: 1, text: appendBytes},
	{Name: "bits", Base: "bytes", mul: 1, div: 8, text: appendBits},
	{Name: "ratio", Base: "ratio", mul: 1, div: 1, text: appendShare},
	{Name: "percent", Base: "ratio", mul: 1, div: 100, text: appendShare},
	{Name: "unixtime", Base: "seconds", mul: 1, div: 1, text: appendDate, rate: appendShare},
	{Name: "celsius", Base: "celsius", mul: 1, div: 1, text: appendCelsius},
	{Name: "hertz", Base: "hertz", mul: 1, div: 1, text: appendHertz},
}

// LookUpUnit returns the unit called name. Any other is shown as it stands,
// behind the number.
func LookUpUnit(name string) (u Unit, ok bool) {
	for _, u := range units {
		if u.Name == name {
			return u, true
		}
	}
	return Unit{}, false
}

// ToBase returns v in the base unit.
func (u Unit) ToBase(v float64) float64 { return v * u.mul / u.div }

// IsBase reports whether values are in the base unit already, so that whole
// numbers stay exact.
func (u Unit) IsBase() bool { return u.mul == 1 && u.div == 1 }

// AppendText appends v for people, in about three digits and the multiple of
// the unit that suits them: "45.6 ms", "1.2 MiB", "93.4 %". A time of day is
// local.
func (u Unit) AppendText(dst []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return appendFloat(dst, v)
	}
	return u.text(dst, u.ToBase(v))
}

// AppendRate appends a change of v in a second for people: bytes a second as
// "1.2 MiB/s". Seconds in a second are a share of the time, as of one core or
// thread: "35 %".
func (u Unit) AppendRate(dst []byte, v float64) []byte {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return appendFloat(dst, v)
	case u.rate != nil:
		return u.rate(dst, u.ToBase(v))
	}
	return append(u.text(dst, u.ToBase(v)), "/s"...)
}

// A scale is a multiple of a unit, as people write it.
type scale struct {
	factor float64
	symbol string
}

var (
	timeScales = []scale{
		{1e-9, "ns"}, {1e-6, "us"}, {1e-3, "ms"}, {1, "s"}, {60, "min"}, {3600, "h"}, {86400, "d"},
	}
	byteScales = []scale{
		{1, "B"}, {1 << 10, "KiB"}, {1 << 20, "MiB"}, {1 << 30, "GiB"}, {1 << 40, "TiB"}, {1 << 50, "PiB"}, {1 << 60, "EiB"},
	}
	bitScales   = []scale{{1, "bit"}, {1e3, "kbit"}, {1e6, "Mbit"}, {1e9, "Gbit"}, {1e12, "Tbit"}}
	hertzScales = []scale{{1, "Hz"}, {1e3, "kHz"}, {1e6, "MHz"}, {1e9, "GHz"}, {1e12, "THz"}}
)

func appendSeconds(dst []byte, v float64) []byte {
	if v == 0 {
		return append(dst, "0 s"...)
	}
	return appendScaled(dst, v, timeScales)
}
func appendBytes(dst []byte, v float64) []byte   { return appendScaled(dst, v, byteScales) }
func appendBits(dst []byte, v float64) []byte    { return appendScaled(dst, 8*v, bitScales) }
func appendHertz(dst []byte, v float64) []byte   { return appendScaled(dst, v, hertzScales) }
func appendShare(dst []byte, v float64) []byte   { return append(appendDigits(dst, 100*v), " %"...) }
func appendCelsius(dst []byte, v float64) []byte { return append(appendDigits(dst, v), " °C"...) }

// appendDate appends a time of day, if it is one of the years 0 to 9999.
func appendDate(dst []byte, v float64) []byte {
	const first, last = -62167219200, 253402300799
	if v < first || v > last {
		return appendFloat(dst, v)
	}
	return time.Unix(int64(math.Floor(v)), 0).AppendFormat(dst, "2006-01-02 15:04:05 -0700")
}

// appendScaled appends v by the greatest scale of which it is one or more, when
// it is rounded.
func appendScaled(dst []byte, v float64, scales []scale) []byte {
	const almostOne = 0.9995
	best := scales[0]
	for _, s := range scales[1:] {
		if math.Abs(v) >= almostOne*s.factor {
			best = s
		}
	}
	return append(append(appendDigits(dst, v/best.factor), ' '), best.symbol...)
}

// appendDigits appends v in three digits, or in as many as it has before the
// point, without zeros at its end.
func appendDigits(dst []byte, v float64) []byte {
	abs := math.Abs(v)
	if abs != 0 && abs < 0.0005 || abs >= 1e15 {
		return strconv.AppendFloat(dst, v, 'g', 3, 64)
	}
	decimals := 0
	for limit := 99.95; abs < limit && decimals < 3; limit /= 10 {
		decimals++
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', decimals, 64)
	if decimals > 0 {
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
		if dst[len(dst)-1] == '.' {
			dst = dst[:len(dst)-1]
		}
	}
	if string(dst[start:]) == "-0" {
		dst = append(dst[:start], '0')
	}
	return dst
}
