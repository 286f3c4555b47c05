package format

import "sync"

// recordedSignatures are those of [RecordedField], by type and by whether the
// value may change. Programs that read no recording need not make them.
var recordedSignatures = sync.OnceValue(func() *[len(typeNames)][2]*Signature {
	var sigs [len(typeNames)][2]*Signature
	for t := Int8; t <= Histogram; t++ {
		for live := range sigs[t] {
			// The sizes are such that one byte is not taken for a value that changes.
			s := &Signature{Code: numbers[t], Size: 8, ValueSize: t.size(), BigEndian: nativeBigEndian, TrailingBlank: live == 1}
			switch t {
			case Uint64:
				s.Code = 'N' // a Q that changes is a counter
			case String:
				s.Code = 's'
			case Average:
				s.Code, s.Pad = 'd', averagePad
			case Moving:
				s.Code, s.Pad = 'd', movingPad+8 // the size of the window is not known
			}
			sigs[t][live] = s
		}
	}
	return &sigs
})

// size returns how many bytes a number of type t has, and 8 for any other type.
func (t Type) size() int {
	switch t {
	case Int8, Uint8, Bool:
		return 1
	case Int16, Uint16:
		return 2
	case Int32, Uint32, Float32:
		return 4
	}
	return 8
}

// RecordedField returns a field of which only that is known which a recording
// has: its label, its type, whether its value may change, and the text of its
// description. Its methods say the same as those of the field that was
// recorded. It is in no file: its offsets are 0, and the text of its signature is
// empty.
func RecordedField(label string, t Type, live bool, description string) Field {
	f := Field{Label: []byte(label), WriteBuffer: Unbuffered, histogram: t == Histogram}
	sigs := recordedSignatures()[t]
	f.Signature = sigs[0]
	if live {
		f.Signature = sigs[1]
	}
	if live && (t == String || t == Average) {
		f.WriteBuffer = 0
	}
	if description != "" {
		f.pad = append([]byte(description), 0)
		f.said = saidKind(f.pad)
	}
	return f
}
