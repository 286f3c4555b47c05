package cli

// A Time is the value of an option that is a time in an archive, such as 03:12
// or -10m. Unlike that of other options, it may start with a minus sign.
type Time string

// IsValidValue implements flags.ValueValidator.
func (Time) IsValidValue(string) error { return nil }
