package report

import (
	"math"
	"strconv"

	"mmstats/lib/format"
)

// ScaledWidth is how many characters [AppendScaled] appends at most, without a
// minus sign.
const ScaledWidth = 6

// AppendScaled appends a number for people. From 100,000 on it has three digits
// and a unit: k for a thousand, then M, G, T, P, E. Below that, whole numbers
// are exact and others have three digits.
func AppendScaled(dst []byte, v format.Value) []byte {
	switch {
	case v.Class() == 0 || v.Class() == format.TextClass:
		return append(dst, '-')
	case v.Special() != "":
		return append(dst, v.Special()...)
	}
	f := v.Float()
	abs := math.Abs(f)
	switch {
	case abs >= 99_999.5:
		return appendUnits(dst, f)
	case f == math.Trunc(f):
		return strconv.AppendFloat(dst, f, 'f', 0, 64)
	case abs < 0.001:
		return strconv.AppendFloat(dst, f, 'e', 0, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', decimals(abs), 64)
}

// decimals returns how many decimals make three digits of a number.
func decimals(abs float64) int {
	switch {
	case abs < 1:
		return 3
	case abs < 9.995:
		return 2
	case abs < 99.95:
		return 1
	}
	return 0
}

func appendUnits(dst []byte, f float64) []byte {
	const units = "kMGTPE"
	for i := range len(units) {
		if f /= 1000; math.Abs(f) < 999.5 || i == len(units)-1 {
			if math.Abs(f) >= 999.5 {
				break
			}
			return append(strconv.AppendFloat(dst, f, 'f', decimals(max(1, math.Abs(f))), 64), units[i])
		}
	}
	return strconv.AppendFloat(dst, f*1e18, 'e', 0, 64)
}
