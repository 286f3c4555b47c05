package mmstats

import (
	"os"
	"os/signal"
	"syscall"
)

// RemoveOnSignal lets the file be removed before one of signals ends the
// process: SIGHUP, SIGINT and SIGTERM if there are none. A deferred [File.Remove]
// is not called then, nor by os.Exit and log.Fatal.
//
// The process then ends by the signal, as it would have without this. So it is
// not for programs that handle these signals themselves: they call Remove when
// they are done. A signal that is ignored, as by nohup, stays so. RemoveOnSignal
// ends with [File.Close] and [File.Remove].
func (f *File) RemoveOnSignal(signals ...os.Signal) {
	if len(signals) == 0 {
		signals = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM}
	}
	received := make(chan os.Signal, 1)
	for _, s := range signals {
		if !signal.Ignored(s) {
			signal.Notify(received, s)
		}
	}
	go func() {
		defer signal.Stop(received)
		select {
		case <-f.Done():
		case s := <-received:
			f.Remove()
			signal.Reset(s)
			if number, ok := s.(syscall.Signal); ok {
				syscall.Kill(os.Getpid(), number)
			}
		}
	}()
}
