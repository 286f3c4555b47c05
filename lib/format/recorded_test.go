package format

import "testing"

// What is recorded of a field says all of it that readers show.
func TestRecordedField(t *testing.T) {
	for typ := Int8; typ <= Histogram; typ++ {
		for _, update := range []Update{Shared, Owned, Never} {
			for _, d := range []Description{{}, {Unit: "bytes", About: "What is sent"}, {Kind: KindGauge}, {Kind: KindCounter}} {
				data, err := AppendField(nil, Spec{Label: "a.b", Type: typ, Update: update, Size: 8, Description: d})
				if err != nil {
					continue // there is no such field
				}
				want, err := FieldAt(data, 0)
				if err != nil {
					t.Fatal(err)
				}
				got := RecordedField("a.b", want.Type(), want.Live(), want.Description().Text())
				if string(got.Label) != "a.b" || got.Type() != want.Type() || got.Kind() != want.Kind() || got.Live() != want.Live() ||
					got.Description() != want.Description() || (got.Window() > 0) != (want.Window() > 0) {
					t.Errorf("of a %v that is updated %v, with %q: %v %v, live %v, %q; want %v %v, live %v", typ, update, d.Text(),
						got.Type(), got.Kind(), got.Live(), got.Description().Text(), want.Type(), want.Kind(), want.Live())
				}
				if got.Signature.Text != "" {
					t.Errorf("the signature of a %v is %q", typ, got.Signature.Text)
				}
			}
		}
	}
}
