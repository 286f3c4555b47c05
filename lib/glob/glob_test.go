package glob

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// matches are patterns and names, and whether they match.
var matches = []struct {
	pattern, name string
	want          bool
}{
	{"", "", true}, {"", "a", false}, {"a", "", false}, {"abc", "abc", true}, {"abc", "abd", false},
	{"*", "", true}, {"*", "a/b.c", true}, {"**", "", true}, {"***", "abc", true},
	{"*.mmstats", "web.mmstats", true}, {"*.mmstats", ".mmstats", true}, {"*.mmstats", "web.mmstats.new", false},
	{"a*", "a", true}, {"a*", "ba", false}, {"*b", "ab", true}, {"*b", "abc", false}, {"a*c", "ac", true},
	{"a*b*c", "aXbXbXc", true}, {"a*b*c", "acb", false}, {"*ab*ab", "abab", true}, {"*aab", "aaab", true},
	{"web.*.2XX", "web.a.b.2XX", true}, {"web/*", "web/a/b", true},
	{"?", "", false}, {"?", "a", true}, {"?", "ab", false}, {"a?c", "a/c", true}, {"??", "é日", true}, {"?", "é", true},
	{"*?", "", false}, {"*?", "a", true}, {"?*?", "a", false}, {"?*?", "ab", true},
	{"[ab]", "a", true}, {"[ab]", "c", false}, {"[ab]", "", false}, {"[ab]", "ab", false}, {"x[ab]*z", "xbyz", true},
	{"[!a]", "a", false}, {"[!a]", "b", true}, {"[!a]", "!", true}, {"[!a]", "", false}, {"[!a]", "bb", false},
	{"[^a]", "a", false}, {"[^a]", "^", true}, {"[^a]", "b", true},
	{"[a!]", "!", true}, {"[a!]", "b", false}, {"[a^]", "^", true}, {"[!!]", "!", false}, {"[!!]", "a", true},
	{"[]a]", "]", true}, {"[]a]", "a", true}, {"[]a]", "b", false}, {"[]]", "]", true},
	{"[!]a]", "]", false}, {"[!]a]", "b", true}, {"[^]a]", "a", false},
	{"[-a]", "-", true}, {"[-a]", "a", true}, {"[-a]", "b", false}, {"[a-]", "-", true}, {"[a-]", "a", true}, {"[a-]", "b", false},
	{"[!-a]", "-", false}, {"[!-a]", "b", true}, {"[]-a]", "^", true}, {"[]-a]", "b", false},
	{"[a-c]", "b", true}, {"[a-c]", "d", false}, {"[a-cx-z]", "y", true}, {"[c-a]", "b", false}, {"[0-9][0-9]", "42", true},
	{"[[]", "[", true}, {"[[a]", "a", true}, {"[*]", "*", true}, {"[*]", "a", false}, {"[?]", "?", true}, {"[.]x", ".x", true},
	{"[é-ë]", "ê", true}, {"[!é]", "日", true}, {"[日本]*", "本x", true},
	{"[[:digit:]]", "7", true}, {"[[:digit:]]", "a", false}, {"[![:digit:]]", "a", true}, {"[[:alpha:]_]", "_", true},
	{"[[:upper:][:digit:]]*", "Xy", true}, {"[[:space:]]", "\t", true}, {"[[:punct:]]", "-", true}, {"[[:xdigit:]]", "f", true},
	{"[:a]", ":", true}, {"[[:a]", ":", true},
	{`\*`, "*", true}, {`\*`, "a", false}, {`\a`, "a", true}, {`a\?`, "a?", true}, {`\[a]`, "[a]", true}, {`\\`, `\`, true},
	{`[\]]`, "]", true}, {`[\]]`, `\`, false}, {`[a\-c]`, "-", true}, {`[a\-c]`, "b", false}, {`[\!a]`, "!", true},
	{"!a", "!a", true}, {"]", "]", true}, {"a]", "a]", true}, {"-", "-", true}, {".*", ".x", true}, {"*", ".x", true},
}

func TestMatch(t *testing.T) {
	for _, test := range matches {
		p, err := Compile(test.pattern)
		if err != nil {
			t.Errorf("Compile(%q) = %v", test.pattern, err)
		} else if got := p.Match(test.name); got != test.want {
			t.Errorf("%q matches %q: %v, want %v", test.pattern, test.name, got, test.want)
		}
	}
}

// Patterns mean what they mean to the shell, which people know them from.
func TestMatchAsTheShellDoes(t *testing.T) {
	const script = `while IFS= read -r -d '' pattern && IFS= read -r -d '' name; do
		case $name in $pattern) echo true ;; *) echo false ;; esac
	done`
	var input strings.Builder
	for _, test := range matches {
		input.WriteString(test.pattern + "\x00" + test.name + "\x00")
	}
	cmd := exec.Command("bash", "-c", script)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(input.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("bash: %v", err)
	}
	answers := strings.Fields(string(out))
	if len(answers) != len(matches) {
		t.Fatalf("bash gives %d answers, want %d", len(answers), len(matches))
	}
	for i, test := range matches {
		if got := answers[i] == "true"; got != test.want {
			t.Errorf("in bash, %q matches %q: %v, want %v", test.pattern, test.name, got, test.want)
		}
	}
}

// Bytes that are not UTF-8 are characters.
func TestMatchBytes(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"a?", "a\xff", true}, {"a??", "a\xff", false}, {"*\xff", "x\xff", true}, {"\xff", "\xfe", false}, {"\xff", "\ufffd", false},
		{"[\xff]", "\xff", true}, {"[\xff]", "\xfe", false}, {"[!\xff]", "\xfe", true}, {"\\\xff", "\xff", true},
		{"\\\xc3\\\xa9", "é", true}, {"*\xa9", "é", false},
	} {
		p, err := Compile(test.pattern)
		if got := p.Match(test.name); err != nil || got != test.want {
			t.Errorf("%q matches %q: %v, %v, want %v", test.pattern, test.name, got, err, test.want)
		}
	}
}

func TestCompileMalformed(t *testing.T) {
	for _, pattern := range []string{"[", "a[", "[a", "[]", "[!", "[!]", "[^]", "[]a", "[a-", "[a-]x[", `\`, `a\`, `[\`, `[\]`, "[[:alpha:]", "[[:nothing:]]", "a*[b"} {
		if _, err := Compile(pattern); err != ErrMalformed {
			t.Errorf("Compile(%q) = %v, want %v", pattern, err, ErrMalformed)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, name := range []string{"", "plain", `a\b`, "*", "[a]?", "é", "\xff"} {
		if got, ok := Literal(Quote(name)); got != name || !ok {
			t.Errorf("Literal(Quote(%q)) = %q, %v", name, got, ok)
		}
		if p, err := Compile(Quote(name)); err != nil || !p.Match(name) {
			t.Errorf("Quote(%q) = %q, which does not match it: %v", name, Quote(name), err)
		}
	}
	for _, pattern := range []string{"*", "a?", "[a]", `a\`} {
		if got, ok := Literal(pattern); ok {
			t.Errorf("Literal(%q) = %q", pattern, got)
		}
	}
}

// A label is up to 65535 bytes, and anybody may have made it up.
func TestMatchTakesNoExponentialTime(t *testing.T) {
	p, err := Compile(strings.Repeat("*a", 50) + "*b")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() { done <- p.Match(strings.Repeat("a", 65535)) }()
	select {
	case got := <-done:
		if got {
			t.Error("it matches")
		}
	case <-time.After(time.Minute):
		t.Fatal("it takes more than a minute")
	}
}

func FuzzMatch(f *testing.F) {
	for _, test := range matches {
		f.Add(test.pattern, test.name)
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		p, err := Compile(pattern)
		if err != nil {
			return
		}
		got := p.Match(name)
		p.suffix = ""
		if slow := p.Match(name); slow != got {
			t.Errorf("%q matches %q: %v, or %v without a short cut", pattern, name, got, slow)
		}
		if literal, ok := Literal(pattern); ok && got != (literal == name) {
			t.Errorf("%q matches %q: %v, though it means %q", pattern, name, got, literal)
		}
	})
}

func BenchmarkSuffix(b *testing.B) {
	p, _ := Compile("*.mmstats")
	for b.Loop() {
		if !p.Match("web-4711-4711.mmstats") {
			b.Fatal("no match")
		}
	}
}
