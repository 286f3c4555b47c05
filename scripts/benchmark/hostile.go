package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// hostileSize is how much of a file is read, in bytes.
const hostileSize = 16 << 20

// A shape is a file of 16 MiB that anybody can put where the commands look.
// Its writer, according to the file, has ended.
type shape struct {
	name      string
	label     int // bytes
	signature string
	value     int // bytes
}

var shapes = []shape{
	{"many", 4, "Q ", 8},
	{"tiny", 4, "B ", 1},
	{"labels", 500, "Q ", 8},
	{"longest", 65_000, "Q ", 8},
	{"texts", 4, "65000s", 65000},
	{"text", 4, "16700000s", 16_700_000},
}

// hostileRows measure the most that the commands need for a file of any shape.
func hostileRows() []row {
	command := func(name string, args ...string) func(*bench, string) (float64, error) {
		return func(b *bench, dir string) (float64, error) {
			return b.peak(append(append([]string{b.command(name)}, args...), dir+"/x.mmstats"), 1, 2)
		}
	}
	return []row{
		hostileRow("slurpstats-tsv", "slurpstats", command("slurpstats", "-o", "tsv")),
		hostileRow("slurpstats-text", "slurpstats", command("slurpstats", "-o", "text")),
		hostileRow("slurpstats-json", "slurpstats", command("slurpstats", "-o", "json")),
		hostileRow("slurpstats-prometheus", "slurpstats", command("slurpstats", "-o", "prometheus")),
		hostileRow("slurpstats-long", "slurpstats", command("slurpstats", "-L")),
		hostileRow("slurpstats-sum", "slurpstats", command("slurpstats", "-a", "sum")),
		hostileRow("slurpstats-sum-prometheus", "slurpstats", command("slurpstats", "-a", "sum", "-o", "prometheus")),
		hostileRow("pollstats", "pollstats", command("pollstats", "-d", "50ms", "-c", "3", "*")),
		hostileRow("pollstats-w", "pollstats -w", fullScreen),
		hostileRow("cleanstats", "cleanstats", command("cleanstats", "-n")),
		hostileRow("cleanstats-fold", "cleanstats --fold", func(b *bench, dir string) (float64, error) {
			return command("cleanstats", "-n", "--fold", b.path("totals.mmstats"))(b, dir)
		}),
		hostileRow("mmstats-write", "mmstats-write", command("mmstats-write", "new+=1", "-f")),
		hostileRow("recstats", "recstats", func(b *bench, dir string) (float64, error) {
			return b.peak([]string{"timeout", "--preserve-status", "-s", "INT", "3", b.command("recstats"), "-d", "0.5", b.path("archive"), dir}, 1)
		}),
		hostileRow("mmash", "mmash", mmashPeak),
	}
}

// hostileRow returns a row for what peak returns of a directory with one file,
// in MiB.
func hostileRow(name, what string, peak func(b *bench, dir string) (float64, error)) row {
	return row{"hostile/" + name, what + ", memory for 16 MiB of any fields", func(b *bench) (result, error) {
		most, worst := 0.0, ""
		for _, s := range shapes {
			dir, err := b.once("hostile-"+s.name, s.write)
			if err != nil {
				return result{}, err
			}
			used, err := peak(b, dir)
			if err != nil {
				return result{}, fmt.Errorf("%s: %w", s.name, err)
			}
			if used > most {
				most, worst = used, s.name
			}
		}
		const reach = 128
		return result{measured: fmt.Sprintf("%.3g MiB", most), target: fmt.Sprintf("<= %d MiB (worst: %s)", reach, worst), met: most <= reach}, nil
	}}
}

// write writes the file.
func (s shape) write(dir string) error {
	native := binary.NativeEndian
	field := func(data []byte, label, signature string, value []byte) []byte {
		data = append(native.AppendUint16(data, uint16(len(label))), label...)
		data = append(native.AppendUint16(data, uint16(len(signature))), signature...)
		return append(append(data, 255), value...)
	}
	data := field([]byte{1}, "sys.pid", "I", native.AppendUint32(nil, 1<<22)) // none is so high
	label := bytes.Repeat([]byte("a"), s.label)
	value := bytes.Repeat([]byte("\x1b"), s.value) // as texts, it is escaped
	for len(data)+s.label+s.value+64 < hostileSize {
		data = field(data, string(label), s.signature, value)
		for i := len(label) - 1; i >= 0; i-- {
			if label[i]++; label[i] <= 'z' {
				break
			}
			label[i] = 'A'
		}
	}
	return os.WriteFile(filepath.Join(dir, "x.mmstats"), append(data, 0, 0), 0o644)
}

// fullScreen measures pollstats -w, which needs a terminal.
func fullScreen(b *bench, dir string) (float64, error) {
	// What peak says goes to the terminal as well, last.
	line := strings.Join([]string{b.command("peak"), b.command("pollstats"), "-w", "-d", "0.1", "-c", "3", dir}, " ")
	cmd := exec.Command("script", "-qec", line, "/dev/null")
	cmd.Env = append(os.Environ(), "TERM=xterm")
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%w: %q", err, out[max(0, len(out)-300):])
	}
	kib, err := lastNumber(out)
	return kib / 1024, err
}

// mmashPeak measures a mmash that answers once each way.
func mmashPeak(b *bench, dir string) (float64, error) {
	s, err := b.server(dir)
	if err != nil {
		return 0, err
	}
	for _, path := range []string{"", "stats/", "metrics"} {
		if err := s.fetch(path); err != nil {
			return 0, err
		}
	}
	return memoryOf(s.cmd.Process.Pid, "VmHWM")
}
