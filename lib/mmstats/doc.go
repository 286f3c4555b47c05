// Package mmstats publishes the stats of a program in a memory-mapped file,
// where commands like slurpstats read them while the program runs. An update
// costs an atomic instruction or less, and reading costs the program nothing.
//
// A struct declares the stats, and [Create] publishes them:
//
//	var stats struct {
//		Requests mmstats.Counter   `mmstats:"requests"`
//		Latency  mmstats.Histogram `mmstats:"latency" unit:"seconds"`
//		Sent     mmstats.Counter   `mmstats:"sent" unit:"bytes" about:"Bodies, without headers"`
//	}
//	file, err := mmstats.Create(mmstats.Options{Prefix: "web."}, &stats)
//
// The tag mmstats holds the label, which is otherwise the name of the field. After
// commas it may hold the size of a String in bytes (size=64), the number of
// samples of a MovingAverage or Timer (window=50) and, last, a value to start
// with (initial=1). An embedded struct declares as if its fields stood in the
// outer one; a struct in a tagged field puts its label and a dot before theirs.
// The tags unit and about describe a stat to people and tools, see mmstats(7). In
// a file that is opened again, another unit is an error, and another text changes
// nothing.
//
// # Kinds of stats
//
// Numbers are [Counter], [LocalCounter], [FloatCounter] and [Gauge]; others are
// [Bool], [String] and [Constant]. Those that take samples are [Histogram] and
// [LocalHistogram], for percentiles; [Average], the mean of all samples;
// [MovingAverage] and [Timer], the mean of the last ones. mmstats(7) has the
// names that the Python project mmstats has for them.
//
// # Whose file it is
//
// A process owns the file that it creates until it closes it or ends: it holds
// the lock of the file. Nobody else changes anything but numbers in it, each in
// one atomic step, so that updates need no system call. [Open] visits a file of
// somebody else or of nobody: one that a shell script made with mmstats-write, or
// that an earlier run of the program left. There, each update of a text or an
// average takes the lock, and waits for it for about a second at most.
//
// # What can go wrong
//
// Disk space is reserved when a file is made and when it grows, so that a full
// disk is an error of [Create] and [File.Add], never of an update. Updates return
// no errors: those that nobody can see are dropped, such as after Close or after
// the file was removed, replaced or truncated, and [File.Err] says so. In a file
// that was truncated, the next update of a number ends the process that owns it,
// as it ends any program that maps a file, unless the file is Guarded. A process
// that is killed loses at most the update it was at. Nothing else is torn, and
// its lock is free.
package mmstats
