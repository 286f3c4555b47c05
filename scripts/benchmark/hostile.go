package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// hostileSize is how much of a file is read, in bytes.
const hostileSize = 16 << 20

// hostileRows measure what the commands need for one file of more than a
// million stats, which anybody can put where they look.
func hostileRows() []row {
	over := func(name, what, signature string, size int, command func(b *bench, file string) []string) row {
		return memory("hostile/"+name, what+", memory for 16 MiB of fields", 128, func(b *bench) ([]string, error) {
			dir, err := hostile(b, signature, size)
			return command(b, filepath.Join(dir, "x.mmstats")), err
		}, 1, 2)
	}
	// tiny is for the file with the most stats.
	tiny := func(name string, command string, args ...string) row {
		return over(name, command, "B ", 1, func(b *bench, file string) []string {
			return append(append([]string{b.command(command)}, args...), file)
		})
	}
	return []row{
		tiny("slurpstats-tsv", "slurpstats", "-o", "tsv"),
		tiny("slurpstats-text", "slurpstats", "-o", "text"),
		tiny("slurpstats-json", "slurpstats", "-o", "json"),
		tiny("slurpstats-prometheus", "slurpstats", "-o", "prometheus"),
		tiny("slurpstats-long", "slurpstats", "-L"),
		tiny("slurpstats-sum", "slurpstats", "-a", "sum"),
		tiny("pollstats", "pollstats", "-d", "50ms", "-c", "3", "aaaa:value,bbbb:value"),
		fullScreen(),
		tiny("cleanstats", "cleanstats", "-n"),
		over("cleanstats-fold", "cleanstats --fold", "Q ", 8, func(b *bench, file string) []string {
			return []string{b.command("cleanstats"), "--fold", b.path("totals.mmstats"), file}
		}),
		tiny("mmstats-write", "mmstats-write", "new+=1", "-f"),
		over("recstats", "recstats", "B ", 1, func(b *bench, file string) []string {
			return []string{"timeout", "--preserve-status", "-s", "INT", "5", b.command("recstats"), "-d", "0.5", b.path("archive"), file}
		}),
		row{"hostile/mmash", "mmash, memory for 16 MiB of fields", func(b *bench) (result, error) {
			used, err := mmashPeak(b)
			return result{measured: fmt.Sprintf("%.3g MiB", used), target: "<= 128 MiB", met: used <= 128}, err
		}},
	}
}

// fullScreen returns the row of pollstats -w, which needs a terminal.
func fullScreen() row {
	return row{"hostile/pollstats-w", "pollstats -w, memory for 16 MiB of fields", func(b *bench) (result, error) {
		dir, err := hostile(b, "B ", 1)
		if err != nil {
			return result{}, err
		}
		// What peak says goes to the terminal as well, last.
		line := strings.Join([]string{b.command("peak"), b.command("pollstats"), "-w", "-d", "0.1", "-c", "3", dir}, " ")
		cmd := exec.Command("script", "-qec", line, "/dev/null")
		cmd.Env = append(os.Environ(), "TERM=xterm")
		out, err := cmd.Output()
		if err != nil {
			return result{}, fmt.Errorf("%w: %q", err, out[max(0, len(out)-300):])
		}
		used, err := lastNumber(out)
		used /= 1024
		return result{measured: fmt.Sprintf("%.3g MiB", used), target: "<= 128 MiB", met: used <= 128}, err
	}}
}

// mmashPeak returns the most memory, in MiB, that mmash needs to answer once
// each way.
func mmashPeak(b *bench) (float64, error) {
	dir, err := hostile(b, "B ", 1)
	if err != nil {
		return 0, err
	}
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

// hostile returns a directory with one file, full of fields of one value. Its
// writer, according to the file, has ended.
func hostile(b *bench, signature string, size int) (dir string, err error) {
	return b.once("hostile-"+string(signature[0]), func(dir string) error {
		native := binary.NativeEndian
		field := func(data []byte, label, signature string, value []byte) []byte {
			data = append(native.AppendUint16(data, uint16(len(label))), label...)
			data = append(native.AppendUint16(data, uint16(len(signature))), signature...)
			return append(append(data, 255), value...)
		}
		data := field([]byte{1}, "sys.pid", "I", native.AppendUint32(nil, 1<<22)) // none is so high
		label := []byte("aaaa")
		for len(data) < hostileSize-64 {
			data = field(data, string(label), signature, make([]byte, size))
			for i := len(label) - 1; i >= 0; i-- {
				if label[i]++; label[i] <= 'z' {
					break
				}
				label[i] = 'A'
			}
		}
		return os.WriteFile(filepath.Join(dir, "x.mmstats"), append(data, 0, 0), 0o644)
	})
}
