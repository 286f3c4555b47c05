package statfile

import "testing"

func TestCommand(t *testing.T) {
	for _, test := range []struct {
		path string
		pid  int
		want string
	}{
		{"/tmp/web-4711-4711.mmstats", 4711, "web"},
		{"web-4711-4712.mmstats", 4711, "web"},
		{"web-4711.mmstats", 4711, "web"},
		{"web-2-4711.mmstats", 4711, "web-2"},
		{"web-4711-4711.mmstats", 4710, "web-4711-4711"},
		{"web-4711-4711.mmstats", 0, "web-4711-4711"},
		{"web-4711-x.mmstats", 4711, "web-4711-x"},
		{"-4711.mmstats", 4711, "-4711"},
		{"backup.mmstats", 0, "backup"},
		{"backup", 17, "backup"},
		{"4711-4711.mmstats", 4711, "4711"},
	} {
		if got := Command(test.path, test.pid); got != test.want {
			t.Errorf("Command(%q, %d) = %q, want %q", test.path, test.pid, got, test.want)
		}
	}
}
