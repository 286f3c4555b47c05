package mmstats

import (
	"math/bits"
	"reflect"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// A Counter is a 64-bit number that only goes up: requests served, bytes sent.
// Other processes may add to the same counter.
type Counter struct {
	count mapping.Count
}

// Inc adds 1, in one atomic instruction.
func (c *Counter) Inc() { c.count.Inc() }

// Add adds n, in one atomic instruction.
func (c *Counter) Add(n uint64) { c.count.Add(n) }

// Value returns the count.
func (c *Counter) Value() uint64 { return c.count.Load() }

func (c *Counter) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Counter}, format.Value{}, nil
}

func (c *Counter) bind(f *field) { c.count.Bind(f.region, f.value(), f.pad()) }

func (c *Counter) bound() bool { return c.count.Bound() }

// A LocalCounter is a [Counter] that one goroutine updates, and no one else in
// this process or another: an update takes a tenth of the time. Any number of
// goroutines may call Value.
type LocalCounter struct {
	// It embeds no Counter: Inc would not be inlined.
	count mapping.Count
}

// Inc adds 1.
func (c *LocalCounter) Inc() { c.count.IncOwned() }

// Add adds n.
func (c *LocalCounter) Add(n uint64) { c.count.AddOwned(n) }

// Value returns the count.
func (c *LocalCounter) Value() uint64 { return c.count.Load() }

func (c *LocalCounter) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Counter, Update: format.Owned}, format.Value{}, nil
}

func (c *LocalCounter) bind(f *field) { c.count.Bind(f.region, f.value(), f.pad()) }

func (c *LocalCounter) bound() bool { return c.count.Bound() }

// A FloatCounter is a number that only goes up and has fractions: seconds of
// CPU time. Other processes may add to the same counter.
type FloatCounter struct {
	cell mapping.Cell[float64]
}

// Add adds v in one step. It is dropped unless it is 0 or more.
func (c *FloatCounter) Add(v float64) {
	if v >= 0 {
		c.cell.Add(v)
	}
}

// Value returns the sum.
func (c *FloatCounter) Value() float64 { return c.cell.Load() }

func (c *FloatCounter) spec() (format.Spec, format.Value, error) {
	d := format.Description{Kind: format.KindCounter}
	return format.Spec{Type: format.Float64, Description: d}, format.Value{}, nil
}

func (c *FloatCounter) bind(f *field) { c.cell.Bind(f.region, f.value(), f.pad()) }

func (c *FloatCounter) bound() bool { return c.cell.Bound() }

// Number is what a Gauge holds.
type Number interface {
	int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// types are the types in the format of Go's kinds.
var types = [...]format.Type{
	reflect.Int: format.Int32 + bits.UintSize/64, reflect.Uint: format.Uint32 + bits.UintSize/64,
	reflect.Int8: format.Int8, reflect.Int16: format.Int16, reflect.Int32: format.Int32, reflect.Int64: format.Int64,
	reflect.Uint8: format.Uint8, reflect.Uint16: format.Uint16, reflect.Uint32: format.Uint32, reflect.Uint64: format.Uint64,
	reflect.Float32: format.Float32, reflect.Float64: format.Float64, reflect.Bool: format.Bool, reflect.String: format.String,
}

// A Gauge is a number that goes up and down: requests in flight, a temperature.
// Other processes may update the same gauge.
type Gauge[T Number] struct {
	cell mapping.Cell[T]
}

// Set sets the value, in one plain store.
func (g *Gauge[T]) Set(v T) { g.cell.Store(v) }

// Add adds delta in one step, and wraps around as Go's arithmetic does.
func (g *Gauge[T]) Add(delta T) { g.cell.Add(delta) }

// Value returns the value.
func (g *Gauge[T]) Value() T { return g.cell.Load() }

func (g *Gauge[T]) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: types[reflect.TypeFor[T]().Kind()]}, format.Value{}, nil
}

func (g *Gauge[T]) bind(f *field) { g.cell.Bind(f.region, f.value(), f.pad()) }

func (g *Gauge[T]) bound() bool { return g.cell.Bound() }

// A Bool is true or false.
type Bool struct {
	cell mapping.Cell[uint8]
}

// Set sets the value, in one plain store.
func (b *Bool) Set(v bool) {
	if v {
		b.cell.Store(1)
	} else {
		b.cell.Store(0)
	}
}

// Value returns the value.
func (b *Bool) Value() bool { return b.cell.Load() != 0 }

func (b *Bool) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Bool}, format.Value{}, nil
}

func (b *Bool) bind(f *field) { b.cell.Bind(f.region, f.value(), f.pad()) }

func (b *Bool) bound() bool { return b.cell.Bound() }

// A Constant never changes after it was declared: a version, a limit.
type Constant[T Number | bool | string] struct{ Value T }

func (c *Constant[T]) spec() (format.Spec, format.Value, error) {
	v := reflect.ValueOf(c.Value)
	sp := format.Spec{Type: types[v.Kind()], Update: format.Never}
	switch {
	case v.Kind() == reflect.String:
		sp.Size = max(v.Len(), 1)
		return sp, format.TextValue([]byte(v.String())), nil
	case v.Kind() == reflect.Bool:
		return sp, format.BoolValue(v.Bool()), nil
	case v.CanInt():
		return sp, format.IntValue(v.Int()), nil
	case v.CanUint():
		return sp, format.UintValue(v.Uint()), nil
	}
	return sp, format.FloatValue(v.Float()), nil
}

// bind does nothing: there is nothing to update.
func (c *Constant[T]) bind(*field) {}

func (c *Constant[T]) bound() bool { return false }
