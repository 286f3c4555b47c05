package mmstats

import (
	"math/bits"

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

// numberType returns the type of T in the format.
func numberType[T Number]() format.Type {
	switch any(T(0)).(type) {
	case int:
		return format.Int32 + format.Type(bits.UintSize/64)
	case uint:
		return format.Uint32 + format.Type(bits.UintSize/64)
	case int8:
		return format.Int8
	case int16:
		return format.Int16
	case int32:
		return format.Int32
	case int64:
		return format.Int64
	case uint8:
		return format.Uint8
	case uint16:
		return format.Uint16
	case uint32:
		return format.Uint32
	case uint64:
		return format.Uint64
	case float32:
		return format.Float32
	}
	return format.Float64
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
	return format.Spec{Type: numberType[T]()}, format.Value{}, nil
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
	sp := format.Spec{Update: format.Never}
	switch v := any(c.Value).(type) {
	case string:
		sp.Type, sp.Size = format.String, max(len(v), 1)
		return sp, format.TextValue([]byte(v)), nil
	case bool:
		sp.Type = format.Bool
		return sp, format.BoolValue(v), nil
	case int:
		return constant(sp, v)
	case int8:
		return constant(sp, v)
	case int16:
		return constant(sp, v)
	case int32:
		return constant(sp, v)
	case int64:
		return constant(sp, v)
	case uint:
		return constant(sp, v)
	case uint8:
		return constant(sp, v)
	case uint16:
		return constant(sp, v)
	case uint32:
		return constant(sp, v)
	case uint64:
		return constant(sp, v)
	case float32:
		return constant(sp, v)
	case float64:
		return constant(sp, v)
	}
	panic("unreachable")
}

func constant[T Number](sp format.Spec, v T) (format.Spec, format.Value, error) {
	sp.Type = numberType[T]()
	switch {
	case T(1)/2 != 0:
		return sp, format.FloatValue(float64(v)), nil
	case v < 0:
		return sp, format.IntValue(int64(v)), nil
	}
	return sp, format.UintValue(uint64(v)), nil
}

// bind does nothing: there is nothing to update.
func (c *Constant[T]) bind(*field) {}

func (c *Constant[T]) bound() bool { return false }
