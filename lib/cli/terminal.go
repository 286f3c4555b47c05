package cli

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// Size returns the width and height in characters of the terminal that w is, or
// zeros if w is no terminal or its size is not known.
func Size(w any) (width, height int) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, 0
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// UTF8 reports whether the locale says that the terminal shows UTF-8.
func UTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(os.Getenv(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// Notef writes a message that is not about an error.
func (a *App) Notef(text string, args ...any) { a.say(fmt.Sprintf(text, args...)) }
