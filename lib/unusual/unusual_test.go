package unusual

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// A nowCase is a case of Usual and Now. Points are given as runs.
type nowCase struct {
	Name   string
	Points []struct {
		Repeat []*float64
		Times  int
	}
	Step        float64
	Counter     bool
	Unusual     bool
	Median, MAD *float64 // nil where there is too little to tell
}

func (c *nowCase) points() (points []float64) {
	for _, run := range c.Points {
		for range run.Times {
			points = append(points, floats(run.Repeat)...)
		}
	}
	return points
}

// floats makes null NaN.
func floats(values []*float64) (found []float64) {
	for _, v := range values {
		if v == nil {
			found = append(found, math.NaN())
		} else {
			found = append(found, *v)
		}
	}
	return found
}

type cases struct {
	Now     []nowCase
	Differs []struct {
		Name    string
		Values  []*float64
		Counter bool
		Differs []int
	}
}

func readCases(t *testing.T) (c cases) {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.json")
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNow(t *testing.T) {
	for _, c := range readCases(t).Now {
		points := c.points()
		if got := Now(points, c.Step, c.Counter); got != c.Unusual {
			t.Errorf("%s: Now = %t, want %t", c.Name, got, c.Unusual)
		}
		got, ok := Usual(points, c.Step)
		if ok != (c.Median != nil) || ok && got != (Range{*c.Median, *c.MAD}) {
			t.Errorf("%s: Usual = %v, %t", c.Name, got, ok)
		}
	}
}

// A degree tells as Excludes does what is unusual, and how much.
func TestDegree(t *testing.T) {
	for _, c := range readCases(t).Now {
		r, ok := Usual(c.points(), c.Step)
		v := Recent(c.points(), c.Step)
		if got := r.Degree(v, c.Counter); ok && (got > 1) != r.Excludes(v, c.Counter) {
			t.Errorf("%s: Degree(%v) = %v, Excludes = %t", c.Name, v, got, r.Excludes(v, c.Counter))
		}
	}
	r := Range{Median: 100, MAD: 10}
	for _, test := range []struct{ v, want float64 }{{100, 0}, {math.NaN(), 0}, {100 + 6*14.826, 1}, {100 - 12*14.826, 2}} {
		if got := r.Degree(test.v, false); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("Degree(%v) = %v, want %v", test.v, got, test.want)
		}
	}
	if got := (Range{}).Degree(5, true); !math.IsInf(got, 1) {
		t.Errorf("Degree of what never was = %v, want +Inf", got)
	}
}

func TestDiffers(t *testing.T) {
	for _, c := range readCases(t).Differs {
		if got := Differs(floats(c.Values), c.Counter); !slices.Equal(got, c.Differs) {
			t.Errorf("%s: Differs = %v, want %v", c.Name, got, c.Differs)
		}
	}
}

// The pages judge as this package does: the JavaScript passes the same table.
func TestJavaScript(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is needed: it runs the script of the pages")
	}
	out, err := exec.Command(node, "testdata/cases.js", "../../cmd/mmash/static/unusual.js", "testdata/cases.json").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
