package main

import (
	"math"
	"strconv"
	"time"

	"mmstats/lib/escape"
	"mmstats/lib/format"
)

const jsonType = "application/json"

// quoted returns s as a string of JSON.
func quoted[S ~string | ~[]byte](s S) []byte {
	q, _ := escape.AppendJSON(nil, []byte(s))
	return q
}

// comma appends a comma to an array or an object that is not empty.
func comma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last != '[' && last != '{' {
		dst = append(dst, ',')
	}
	return dst
}

// appendTime appends a time in seconds since 1970.
func appendTime(dst []byte, t time.Time) []byte {
	return strconv.AppendFloat(dst, float64(t.UnixMilli())/1000, 'f', -1, 64)
}

// timeOrNull returns what appendTime appends, and null for the zero time.
func timeOrNull(t time.Time) []byte {
	if t.IsZero() {
		return []byte("null")
	}
	return appendTime(nil, t)
}

// appendValue appends a value as JSON: exact, and null where it is absent or no
// finite number.
func appendValue(dst []byte, v format.Value) []byte {
	switch {
	case v.Class() == 0 || v.Special() != "":
		return append(dst, "null"...)
	case v.Class() == format.TextClass:
		return append(dst, quoted(v.Text())...)
	}
	return v.AppendText(dst)
}

// appendFloat appends a number with some digits as JSON.
func appendFloat(dst []byte, f float64, digits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e6 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'g', digits, 64)
}
