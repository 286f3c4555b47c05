package main

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// maxWait is how long a request waits for others that read the archive.
	maxWait = 10 * time.Second
	// maxWaiting is how many requests wait.
	maxWaiting = 50
)

// A limit bounds how many requests do the same at a time.
type limit struct {
	running chan struct{}
	waiting atomic.Int32
}

func newLimit(n int) *limit { return &limit{running: make(chan struct{}, n)} }

// enter waits until there is room for one more. It reports whether there is:
// then leave is to be called.
func (l *limit) enter(ctx context.Context) bool {
	select {
	case l.running <- struct{}{}:
		return true
	default:
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > maxWaiting {
		return false
	}
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case l.running <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (l *limit) leave() { <-l.running }
