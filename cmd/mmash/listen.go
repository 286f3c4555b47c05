package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A listener is an open socket, and what people call it.
type listener struct {
	net.Listener
	name string
}

// isUnix reports whether clients come by a unix socket.
func (l listener) isUnix() bool { return l.Addr().Network() == "unix" }

// listen opens the addresses: HOST:PORT, :PORT and unix:PATH.
func listen(addresses []string) (list []listener, err error) {
	for _, address := range addresses {
		var l net.Listener
		if path, ok := strings.CutPrefix(address, "unix:"); ok {
			l, err = listenUnix(path)
		} else {
			l, err = listenTCP(address)
		}
		if err != nil {
			closeAll(list)
			return nil, fmt.Errorf("%s: %w", address, cause(err))
		}
		list = append(list, listener{l, nameOf(l)})
	}
	return list, nil
}

// cause returns what an error of package net is about, without its address.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var address *net.AddrError
	if errors.As(err, &address) {
		return errors.New(address.Err)
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

func closeAll(list []listener) {
	for _, l := range list {
		l.Close()
	}
}

// nameOf returns the address of l as a browser takes it.
func nameOf(l net.Listener) string {
	address := l.Addr().String()
	if l.Addr().Network() == "unix" {
		return "unix:" + address
	}
	if host, port, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			if name, err := os.Hostname(); err == nil {
				address = net.JoinHostPort(name, port)
			}
		}
	}
	return (&url.URL{Scheme: "http", Host: address, Path: "/"}).String()
}

// listenTCP opens HOST:PORT or :PORT. A port that is missing would be any port,
// and without a host on all addresses of the machine: 0 asks for that.
func listenTCP(address string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(address)
	switch {
	case err != nil:
		return nil, err
	case port == "":
		return nil, errors.New("missing port in address")
	}
	return net.Listen("tcp", address)
}

// listenUnix opens a socket that the user alone may connect to. One that
// nobody listens on any more is replaced.
func listenUnix(path string) (net.Listener, error) {
	// To package net these are sockets without a file, which have no mode:
	// everybody may connect to them.
	if path == "" || path[0] == '@' {
		return nil, errors.New("a socket needs a path, which starts with no @")
	}
	// The mode has to be right from the start.
	defer syscall.Umask(syscall.Umask(0o177))
	l, err := net.Listen("unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	info, statErr := os.Lstat(path)
	if statErr != nil || info.Mode().Type() != fs.ModeSocket {
		return nil, err
	}
	c, dialErr := net.DialTimeout("unix", path, time.Second)
	if dialErr == nil {
		c.Close()
	}
	if !errors.Is(dialErr, syscall.ECONNREFUSED) {
		return nil, err
	}
	if removeErr := os.Remove(path); removeErr != nil {
		return nil, err
	}
	return net.Listen("unix", path)
}

// firstInherited is the descriptor of the first socket that systemd hands over:
// see sd_listen_fds(3).
const firstInherited = 3

// inherited returns the sockets that systemd opened for this process.
func inherited() (list []listener, err error) {
	pid, n := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name) // they are not for a process that this one starts
	}
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	count, err := strconv.Atoi(n)
	if err != nil || count < 1 {
		return nil, fmt.Errorf("LISTEN_FDS is %q, no number of sockets", n)
	}
	for fd := firstInherited; fd < firstInherited+count; fd++ {
		syscall.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "LISTEN_FD_"+strconv.Itoa(fd))
		l, err := net.FileListener(f)
		f.Close()
		if err != nil {
			closeAll(list)
			return nil, fmt.Errorf("descriptor %d of systemd is no socket that listens: %w", fd, cause(err))
		}
		if u, ok := l.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false) // it is systemd's
		}
		list = append(list, listener{l, nameOf(l)})
	}
	return list, nil
}
