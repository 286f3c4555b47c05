// Package mmstats publishes the stats of a program in a memory-mapped file,
// where commands like slurpstats read them while the program runs. An update
// costs an atomic instruction or less, reading costs the program nothing, and
// nobody can reach into the program through it.
//
// A struct declares what is published, and Create publishes it:
//
//	var stats struct {
//		Requests mmstats.Counter   `mmstats:"requests"`
//		Latency  mmstats.Histogram `mmstats:"latency" unit:"seconds"`
//		Sent     mmstats.Counter   `mmstats:"sent" unit:"bytes" about:"Bodies, without headers"`
//	}
//	file, err := mmstats.Create(mmstats.Options{Prefix: "web."}, &stats)
//
// The tag holds the label, which is otherwise the name of the field, and after
// commas the size of a String in bytes (size=64), the number of samples of a
// MovingAverage or Timer (window=50) and, last, a value to start with
// (initial=1). An embedded struct declares as if its fields stood in the outer
// one; a struct in a tagged field puts its label and a dot before theirs.
// [File.Add] declares one more stat at any time.
//
// The tags unit and about describe a stat to people and to other tools. Readers
// know the units ns, us, ms, seconds; bytes, KiB, MiB, GiB, bits; ratio, percent,
// unixtime, celsius and hertz, and show any other as it stands. A stat keeps the
// description that it was made with: in a file that is opened again, another
// unit is an error, and another text changes nothing.
//
// # Kinds of stats
//
// Those that take samples are [Histogram], for percentiles; [Average], the mean
// of all samples; [MovingAverage] and [Timer], the mean of the last ones. Between
// them, the kinds hold what the fields of the Python project mmstats hold:
//
//	Python                      here
//	CounterField                Counter, LocalCounter
//	AverageField                Average
//	MovingAverageField          MovingAverage
//	TimerField                  Timer
//	UInt64Field                 Counter, Gauge[uint64]
//	UIntField                   Gauge[uint32]
//	IntField                    Gauge[int32]
//	ShortField, UShortField     Gauge[int16], Gauge[uint16]
//	ByteField                   Gauge[int8]
//	FloatField, DoubleField     Gauge[float32], Gauge[float64]
//	BoolField                   Bool
//	StringField                 String
//	StaticTextField             Constant[string]
//	StaticUIntField             Constant[uint32]
//	StaticInt64Field            Constant[int64]
//	StaticUInt64Field           Constant[uint64]
//	StaticFloatField            Constant[float32]
//	StaticDoubleField           Constant[float64]
//
// # Whose file it is
//
// Create makes a file that this process owns until it closes it or ends; the
// kernel keeps that as the lock of the file. Nobody else changes anything but
// numbers in it, and those in one atomic step, so that updates need no system
// call. Open visits a file of somebody else, or of nobody: one that a shell
// script made with mmstats-write, or that an earlier run of the program left,
// whose counters and averages go on from where they are. There, each update
// of a text or an average takes the lock, and waits for it for at most a
// second.
//
// # What can go wrong
//
// Disk space is reserved when a file is made and when it grows, so that a full
// disk is an error of Create and Add, never of an update. Updates return no
// errors: one that nobody can see is dropped, and File.Err says so. This is so
// after Close; after the file was removed or replaced; and after somebody
// truncated it. A truncated file ends the process at its next update of a
// number, as it ends any program that maps the file, unless the file was
// created with Options.Guarded; other updates always survive it.
//
// A process that forks shares the memory with its child, but Go programs only
// fork to run another program, which loses file, lock and memory. A process
// that is killed loses at most the update it was at; nothing else is torn, and
// its lock is free.
//
// The layout of files is that of mmstats(5).
package mmstats
