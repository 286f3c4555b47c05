package format

// Type is what a reader calls the type of a stat.
type Type uint8

// The types, by the names that the commands print.
const (
	Int8 Type = iota + 1
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float32
	Float64
	Bool
	String
	// Counter is a live 64-bit number that only goes up.
	Counter
	// Average is a mean that keeps its count and total beside it.
	Average
	// Moving is the mean of the last N samples: a moving average or a timer.
	Moving
	// Histogram counts samples in buckets, for percentiles. Its value is their
	// mean.
	Histogram
)

var typeNames = [...]string{
	Int8: "int8", Int16: "int16", Int32: "int32", Int64: "int64",
	Uint8: "uint8", Uint16: "uint16", Uint32: "uint32", Uint64: "uint64",
	Float32: "float32", Float64: "float64", Bool: "bool", String: "string",
	Counter: "counter", Average: "average", Moving: "moving", Histogram: "histogram",
}

// String returns the name of the type, such as "uint32".
func (t Type) String() string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	return "unknown"
}

// Kind is what a stat means: whether its rate, its value or nothing of it is
// worth watching.
type Kind uint8

// The kinds. They are inferred from the layout, where the description of a
// stat does not say one: see mmstats(5), KINDS.
const (
	KindConstant Kind = iota + 1
	KindGauge
	KindCounter
	KindBool
	KindString
)

// Bytes that an average and a moving average keep behind their mean.
const (
	// averagePad holds count (8, unsigned) and total (8, float).
	averagePad = 16
	// movingPad holds the next slot (8, unsigned) and count (8, unsigned); the samples
	// (8 each, float) follow.
	movingPad = 16
)

// Type returns the type that the layout of f says.
func (f *Field) Type() Type {
	s := f.Signature
	if f.histogram {
		return Histogram
	}
	switch s.Code {
	case 's', 'p', 'c':
		return String
	case '?':
		return Bool
	case 'e', 'f':
		return Float32
	case 'd':
		switch {
		case !s.TrailingBlank || s.BigEndian != nativeBigEndian:
		case f.Buffered() && s.Pad == averagePad:
			return Average
		case !f.Buffered() && s.Pad > movingPad && s.Pad%8 == 0:
			return Moving
		}
		return Float64
	case 'Q':
		if f.Live() && f.said != KindGauge {
			return Counter
		}
	}
	t := Uint8
	if s.Code >= 'a' { // lower case is signed
		t = Int8
	}
	for size := s.ValueSize; size > 1; size /= 2 {
		t++
	}
	return t
}

// Kind returns the kind that the description of f says, or else its layout.
func (f *Field) Kind() Kind {
	return kindOf(f.Type(), f.Live(), f.said)
}

// kindOf returns the kind of a stat of type t, whose description says said.
func kindOf(t Type, live bool, said Kind) Kind {
	mean := t.TakesSamples()
	switch {
	case t == String:
		return KindString
	case t == Bool:
		return KindBool
	case !live:
		return KindConstant
	case said != 0 && !mean:
		return said
	case t == Counter:
		return KindCounter
	}
	return KindGauge
}

// String returns the name of the kind, such as "gauge".
func (k Kind) String() string {
	names := [...]string{"unknown", "constant", "gauge", "counter", "bool", "string"}
	if int(k) < len(names) {
		return names[k]
	}
	return names[0]
}

// Description returns what the pad bytes before the value say of it. The times
// at which files were made have a unit also where they have no description.
func (f *Field) Description() Description {
	d := ParseDescription(f.pad)
	if d.Unit == "" && f.Type() != String && IsLabel(f.Label, "sys.created") {
		d.Unit = "unixtime"
	}
	return d
}

// Window returns the number of samples that the ring of a moving average
// holds, and 0 for any other field.
func (f *Field) Window() int {
	if f.Type() != Moving {
		return 0
	}
	return (f.Signature.Pad - movingPad) / 8
}

// TakesSamples reports whether stats of the type take samples, and so cannot be
// set.
func (t Type) TakesSamples() bool { return t == Average || t == Moving || t == Histogram }
