package main

func slurpRows() []row {
	// against compares slurpstats over 2,000 files with a command.
	against := func(name, format string, reach float64, of string, base func(b *bench, dir string) ([]string, error)) row {
		return ratio("slurpstats/"+name, "slurpstats -o "+format+", 2,000 files to a pipe", "ms", reach, of, func(b *bench) (cost, cost, error) {
			dir, err := b.files(2000)
			if err != nil {
				return nil, nil, err
			}
			other, err := base(b, dir)
			return piped(b.command("slurpstats"), "-o", format, dir), piped(other...), err
		})
	}
	over := func(files int) func(*bench) ([]string, error) {
		return func(b *bench) ([]string, error) {
			dir, err := b.files(files)
			return []string{b.command("slurpstats"), "-o", "tsv", dir}, err
		}
	}
	return []row{
		// Both are told the names, which spares them the listing of the folder.
		against("cat", "tsv", 0.6, "cat", func(b *bench, dir string) ([]string, error) {
			names, err := names(dir)
			return append([]string{"cat"}, names...), err
		}),
		against("c", "tsv", 2.5, "open, fstat, read, close in C", func(b *bench, dir string) ([]string, error) {
			names, err := names(dir)
			return append([]string{b.command("readloop")}, names...), err
		}),
		against("prometheus", "prometheus", 2, "its TSV", func(b *bench, dir string) ([]string, error) {
			return []string{b.command("slurpstats"), "-o", "tsv", dir}, nil
		}),
		memory("slurpstats/memory", "slurpstats, memory for 2,000 files", 16, over(2000)),
		memory("slurpstats/memory-100k", "slurpstats, memory for 100,000 files", 16, over(100_000)),
	}
}
