package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
)

// Hosts are the names of this server. A page of somebody else that has its own
// name lead here still sends that name, and is refused by it.
type hosts struct {
	any   bool
	names []string // lower case, without a port and a final dot
}

// newHosts returns the names that the machine has, and allowed.
func newHosts(allowed []string) hosts {
	h := hosts{names: []string{"localhost"}}
	if name, err := os.Hostname(); err == nil && name != "" {
		h.names = append(h.names, normalHost(name))
		if short, _, found := strings.Cut(name, "."); found {
			h.names = append(h.names, normalHost(short))
		}
	}
	for _, name := range allowed {
		h.any = h.any || name == "*"
		h.names = append(h.names, normalHost(name))
	}
	return h
}

// normalHost returns a host as it is compared.
func normalHost(host string) string {
	return strings.TrimSuffix(strings.ToLower(withoutPort(host)), ".")
}

// withoutPort returns a host without its port, and an IPv6 address without its
// brackets.
func withoutPort(host string) string {
	if name, port, err := net.SplitHostPort(host); err == nil && strings.Trim(port, "0123456789") == "" {
		return name
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	return host
}

// allow reports whether the Host of a request is a name of this server. An
// address is: no page can have its own address lead here.
func (h hosts) allow(host string) bool {
	if host == "" {
		return false
	}
	if h.any {
		return true
	}
	name := normalHost(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.Contains(h.names, name)
}

// refused returns why a request is not answered, or "". A page of another site
// may link to this server, but not read from it.
func (h hosts) refused(r *http.Request) string {
	if !h.allow(r.Host) {
		if r.Host == "" {
			return "the request names no host"
		}
		return "the host " + r.Host + " is not a name of this server; mmash --allow-host " + withoutPort(r.Host) + " allows it"
	}
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		return "pages of other sites may not ask"
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return "pages of other origins may not ask"
		}
	}
	return ""
}
