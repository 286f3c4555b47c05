package mmstats

import (
	"os"
	"os/signal"
	"syscall"
)

// RemoveOnSignal has the file removed before one of signals, or by default SIGHUP,
// SIGINT or SIGTERM, ends the process, which runs no deferred [File.Remove] then.
// It is not for programs that handle these signals themselves. One that is
// ignored, as by nohup, stays so. It ends with Close.
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
