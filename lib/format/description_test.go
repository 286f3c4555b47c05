package format

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

func TestParseDescription(t *testing.T) {
	long := strings.Repeat("u", MaxUnit)
	for _, test := range []struct {
		name, pad string
		want      Description
	}{
		{"nothing", "", Description{}},
		{"NULs alone", "\x00\x00\x00\x00\x00\x00\x00\x00", Description{}},
		{"the example of the manual", "unit=bytes\nabout=Sent to clients\n\x00\x00\x00\x00\x00\x00\x00\x00", Description{Unit: "bytes", About: "Sent to clients"}},
		{"all", "kind=gauge\nunit=seconds\nevery=0.5\nabout=a = b\n\x00", Description{Unit: "seconds", Kind: KindGauge, About: "a = b", Every: 0.5}},
		{"the first of a key counts", "unit=ms\nunit=us\nkind=counter\nkind=gauge\n\x00", Description{Unit: "ms", Kind: KindCounter}},
		{"also where it is bad", "kind=wrong\nkind=gauge\nunit=" + long + "u\nunit=ms\n\x00", Description{}},
		{"a unit as long as can be", "unit=" + long + "\n\x00", Description{Unit: long}},
		{"no last line break", "unit=ms\x00", Description{Unit: "ms"}},
		{"behind the NUL", "unit=ms\n\x00kind=gauge\n\x00", Description{Unit: "ms"}},
		{"no NUL", "unit=ms\n", Description{}},
		{"no =", "unit\nkind=gauge\n=x\n\x00", Description{Kind: KindGauge}},
		{"what is no key", "Unit=ms\n1nit=x\n_unit=y\nun it=z\nunit =a\n\x00", Description{}},
		{"other keys", "source=kernel\nunit=ms\nn_2=\n\x00", Description{Unit: "ms", others: "source=kernel\nn_2=\n"}},
		{"bad times", "every=-1\n\x00", Description{}},
		{"no time", "every=NaN\n\x00", Description{}},
		{"no end", "every=Inf\n\x00", Description{}},
		{"not UTF-8, escape sequences", "unit=\xff\x1b[31m\nabout=\x1b]0;x\a\xc0\n\x00", Description{Unit: "\xff\x1b[31m", About: "\x1b]0;x\a\xc0"}},
		{"pad bytes without end", "unit=ms\n" + strings.Repeat("\x00", 1<<20), Description{}},
		{"as many as can be", "unit=ms\n" + strings.Repeat("\x00", MaxDescription-8), Description{Unit: "ms"}},
	} {
		if got := ParseDescription([]byte(test.pad)); got != test.want {
			t.Errorf("%s: ParseDescription(%.80q) = %+v, want %+v", test.name, test.pad, got, test.want)
		}
	}
}

func TestAppendDescription(t *testing.T) {
	for _, d := range []Description{
		{}, {Unit: "ms"}, {Unit: strings.Repeat("ü", MaxUnit/2), Kind: KindCounter},
		{About: "Sent to clients, without headers; \"quoted\" = €"}, {Every: 90_000}, {Every: 0.001},
		{Unit: "seconds", Kind: KindGauge, About: "x", Every: 60, others: "source=kernel\n"},
		{About: strings.Repeat("x", MaxDescription-len("about=\n")-1)},
	} {
		got, err := d.Append([]byte("before"))
		pad := bytes.TrimPrefix(got, []byte("before"))
		if err != nil || len(pad)%8 != 0 || len(pad) > MaxDescription || (len(pad) == 0) != (d == Description{}) {
			t.Errorf("%.80v: Append() = %d bytes, %v", d, len(pad), err)
		}
		if back := ParseDescription(pad); back != d {
			t.Errorf("read back as %.80v, want %.80v", back, d)
		}
	}
	for _, test := range []struct {
		d    Description
		want string
	}{
		{Description{Unit: "a\nb"}, `unit "a\nb" has the control character '\n'`},
		{Description{About: "a\x00b"}, `about "a\x00b" has the control character '\x00'`},
		{Description{About: "a\u0085"}, `about "a\u0085" has the control character '\u0085'`},
		{Description{About: "\xff"}, `about "\xff" is not UTF-8`},
		{Description{Unit: "ms", others: "x=\xff\n"}, "the description is not UTF-8"},
		{Description{Unit: strings.Repeat("u", 33)}, `unit "` + strings.Repeat("u", 33) + `" of 33 bytes, at most 32`},
		{Description{About: strings.Repeat("x", MaxDescription)}, "description of 4103 bytes, at most 4095"},
		{Description{Every: -1}, "a heartbeat every -1 seconds"},
		{Description{Every: math.NaN()}, "a heartbeat every NaN seconds"},
		{Description{Unit: "ms", Kind: KindBool}, "a kind other than counter and gauge"},
	} {
		dst := []byte("before")
		got, err := test.d.Append(dst)
		if err == nil || err.Error() != test.want || string(got) != "before" {
			t.Errorf("Append() = %q, %v, want %q", got, err, test.want)
		}
	}
}

func TestStale(t *testing.T) {
	for _, test := range []struct {
		every, age float64
		want       bool
	}{
		{1, 0, false}, {1, 3, false}, {1, 3.1, true}, {0.1, 2.9, false}, {0.1, 3.1, true},
		{60, 179, false}, {60, 181, true}, {60, -4, false}, {60, -1e6, false}, {0, 1e9, false}, {60, math.NaN(), false},
	} {
		const now = 1.8e9
		if got := (Description{Every: test.every}).Stale(now-test.age, now); got != test.want {
			t.Errorf("Stale() of a heartbeat every %v s that is %v s old = %v, want %v", test.every, test.age, got, test.want)
		}
	}
}

// FuzzDescription has any pad bytes. What our writers would take of them is
// read back as it was.
func FuzzDescription(f *testing.F) {
	f.Add([]byte("unit=ms\nabout=x\nevery=1e3\nother=\xff\n\x00"))
	f.Fuzz(func(t *testing.T, pad []byte) {
		d := ParseDescription(pad)
		if strings.ContainsAny(d.Unit+d.About, "\n\x00") || len(d.Unit) > MaxUnit {
			t.Errorf("ParseDescription(%q) = %+v", pad, d)
		}
		again, err := d.Append(nil)
		if err != nil {
			return
		}
		if back := ParseDescription(again); back != d {
			t.Errorf("ParseDescription(%q) = %+v, read back as %+v", pad, d, back)
		}
	})
}
