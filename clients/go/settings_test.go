package wharfinger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for given, want := range map[string]struct {
		target string
		tls    bool
	}{
		"":                          {"dns:///127.0.0.1:7480", false},
		"localhost":                 {"dns:///localhost:7480", false},
		"127.0.0.9:1":               {"dns:///127.0.0.9:1", false},
		"::1":                       {"dns:///[::1]:7480", false},
		"[::1]:7":                   {"dns:///[::1]:7", false},
		"unix:/run/w.sock":          {"unix:/run/w.sock", false},
		"harbour.example":           {"dns:///harbour.example:7480", true},
		"harbour.example:443":       {"dns:///harbour.example:443", true},
		"[2001:db8::1]":             {"dns:///[2001:db8::1]:7480", true},
		"http://harbour.example":    {"dns:///harbour.example:7480", false},
		"https://localhost:7480/":   {"dns:///localhost:7480", true},
		"https://unix:/run/w.sock":  {"unix:/run/w.sock", true},
		"http://hafen_1.straße.de.": {"dns:///hafen_1.straße.de.:7480", false},
	} {
		settings, err := (&options{server: given}).resolve()
		if err != nil || settings.target != want.target || (settings.tls != nil) != want.tls {
			t.Errorf("%s: %v %v", given, settings, err)
		}
	}
	for _, given := range []string{"a b", "host:", "host:0", "host:65536", ":7480", "[host]:1", "http://", "-x", "a..b", "unix:", "host:+7"} {
		if _, err := (&options{server: given}).resolve(); err == nil || !strings.Contains(err.Error(), "is no address; give HOST:PORT, such as 127.0.0.1:7480") {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func TestWhatContradictsIsRefused(t *testing.T) {
	for want, opts := range map[string][]Option{
		"the scheme must be http or https":                                        {WithServer("grpc://x")},
		"must be the plain name, without a slash":                                 {WithProject("projects/x")},
		"contradict each other":                                                   {WithServer("https://x"), WithPlaintext()},
		"refusing to send the token to x:1 unencrypted: use https://x:1, or":      {WithServer("http://x:1"), WithToken("t")},
		"a client certificate needs both":                                         {WithCertificate("cert.pem", "")},
		"there is no PEM certificate among those to trust":                        {WithCA([]byte("nothing"))},
		"the certificates to trust can't be read: open /nowhere: no such file or": {WithCAFile("/nowhere")},
	} {
		if _, err := New(opts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nexpected %s", err, want)
		}
	}
}

func TestTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("of-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WHARFINGER_SERVER", "https://harbour.example")
	t.Setenv("WHARFINGER_PROJECT", "quay")
	t.Setenv("WHARFINGER_TOKEN_FILE", file)
	settings, err := (&options{}).resolve()
	if err != nil || settings.target != "dns:///harbour.example:7480" || settings.project != "quay" || settings.token != "of-a-file" {
		t.Errorf("%v %v", settings, err)
	}
	t.Setenv("WHARFINGER_TOKEN", "of-the-environment")
	if settings, _ = (&options{}).resolve(); settings.token != "of-the-environment" {
		t.Errorf("%v", settings)
	}
	own := "own"
	if settings, _ = (&options{server: "localhost", project: "dock", token: &own}).resolve(); settings.server != "localhost:7480" ||
		settings.project != "dock" || settings.token != "own" || settings.tls != nil {
		t.Errorf("%v", settings)
	}
}
