package main

import (
	"io"
	"os"
	"strconv"
	"strings"

	"mmstats/lib/escape"
)

// userNames returns the names of users by their ids, as far as /etc/passwd has
// them. Package os/user would ask further sources, which may be slow to answer,
// and makes the start of a program slower.
func userNames() map[uint32]string {
	names := make(map[uint32]string)
	f, err := os.Open("/etc/passwd")
	if err != nil {
		return names
	}
	defer f.Close()
	const most = 16 << 20
	text, _ := io.ReadAll(io.LimitReader(f, most))
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(line, ":", 4)
		if len(fields) < 4 {
			continue
		}
		id, err := strconv.ParseUint(fields[2], 10, 32)
		if _, known := names[uint32(id)]; err == nil && !known {
			names[uint32(id)] = escape.Text(fields[0])
		}
	}
	return names
}
