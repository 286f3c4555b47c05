package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"mmstats/lib/mmstats"
	"mmstats/lib/reader"
)

func TestCounted(t *testing.T) {
	file, err := mmstats.Create(mmstats.Options{Dir: t.TempDir(), Prefix: "web.", NoDefaults: true}, &stats)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Remove()
	handler := counted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := stats.InFlight.Value(); got != 1 {
			t.Errorf("%d requests in flight during one", got)
		}
		if r.URL.Path == "/broken" {
			http.Error(w, "broken", http.StatusInternalServerError)
		}
	}))
	for _, path := range []string{"/", "/broken", "/"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}

	found, err := reader.ReadFile(file.Path())
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, st := range found {
		got[string(st.Label)] = st.Value.Float()
	}
	want := map[string]float64{"web.requests": 3, "web.errors": 1, "web.in_flight": 0}
	for label, value := range want {
		if got[label] != value {
			t.Errorf("%s = %v, want %v", label, got[label], value)
		}
	}
	if got["web.latency"] <= 0 {
		t.Errorf("web.latency = %v, want some time", got["web.latency"])
	}
}
