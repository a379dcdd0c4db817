package wharfinger

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
)

const (
	defaultServer  = "127.0.0.1:7480"
	defaultProject = "default"
	defaultPort    = "7480"
)

// A host: labels of letters, digits, `-` and `_` inside, with a dot between each two, and perhaps one at the end.
var hostName = regexp.MustCompile(`^[\pL\pN_]([\pL\pN_-]*[\pL\pN_])?(\.[\pL\pN_]([\pL\pN_-]*[\pL\pN_])?)*\.?$`)

// settings are how to reach a server: server is what people read, target what gRPC does; tls is nil for none.
type settings struct {
	server, target, project, token string
	tls                            *tls.Config
}

// resolve makes settings of what was said, of the environment, and of the defaults, in this order. Its errors say what is
// wrong and what to do.
func (o *options) resolve() (settings, error) {
	server := cmp.Or(o.server, os.Getenv("WHARFINGER_SERVER"), defaultServer)
	project := cmp.Or(o.project, os.Getenv("WHARFINGER_PROJECT"), defaultProject)
	if strings.Contains(project, "/") {
		return settings{}, fmt.Errorf("wharfinger: project %q must be the plain name, without a slash", project)
	}
	token, err := o.resolveToken()
	if err != nil {
		return settings{}, err
	}
	scheme, address, err := splitScheme(server)
	if err != nil {
		return settings{}, err
	}
	shown, target, local, err := splitAddress(address)
	if err != nil {
		return settings{}, err
	}
	if scheme != nil && o.secure != nil && *scheme != *o.secure {
		return settings{}, fmt.Errorf("wharfinger: server %q and the option about TLS contradict each other; leave one of them out", server)
	}
	caFile := cmp.Or(o.caFile, os.Getenv("WHARFINGER_CA"))
	if o.ca != nil {
		caFile = ""
	}
	var secure bool
	switch {
	case o.secure != nil:
		secure = *o.secure
	case scheme != nil:
		secure = *scheme
	default:
		secure = !local || o.ca != nil || caFile != "" || o.certFile != ""
	}
	if token != "" && !secure && !local {
		return settings{}, fmt.Errorf("wharfinger: refusing to send the token to %s unencrypted: use https://%[1]s, or leave the token out", address)
	}
	found := settings{server: shown, target: target, project: project, token: token}
	if secure {
		found.tls, err = o.resolveTLS(caFile)
	}
	return found, err
}

func (o *options) resolveToken() (string, error) {
	if o.token != nil {
		return *o.token, nil
	}
	if token := os.Getenv("WHARFINGER_TOKEN"); token != "" {
		return token, nil
	}
	path := os.Getenv("WHARFINGER_TOKEN_FILE")
	if path == "" {
		return "", nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("wharfinger: the token can't be read, as WHARFINGER_TOKEN_FILE says: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

func (o *options) resolveTLS(caFile string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.tls != nil {
		return o.tls.Clone(), nil
	}
	pem := o.ca
	if caFile != "" {
		var err error
		if pem, err = os.ReadFile(caFile); err != nil {
			return nil, fmt.Errorf("wharfinger: the certificates to trust can't be read: %w", err)
		}
	}
	if pem != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("wharfinger: there is no PEM certificate among those to trust%s", in(caFile))
		}
	}
	if (o.certFile == "") != (o.keyFile == "") {
		return nil, errors.New("wharfinger: a client certificate needs both the certificate and its key")
	}
	if o.certFile != "" {
		pair, err := tls.LoadX509KeyPair(o.certFile, o.keyFile)
		if err != nil {
			return nil, fmt.Errorf("wharfinger: the client certificate can't be used: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func in(file string) string {
	if file == "" {
		return ""
	}
	return " in " + file
}

// splitScheme tells whether the scheme asks for TLS, nil without one, and what comes after it.
func splitScheme(server string) (*bool, string, error) {
	scheme, address, found := strings.Cut(server, "://")
	if !found {
		return nil, server, nil
	}
	address = strings.TrimRight(address, "/")
	if scheme != "http" && scheme != "https" {
		return nil, "", fmt.Errorf("wharfinger: server %q: the scheme must be http or https, such as https://%s", server, address)
	}
	secure := scheme == "https"
	return &secure, address, nil
}

// splitAddress tells the address for people and for gRPC, and whether it is of this machine.
func splitAddress(address string) (shown, target string, local bool, err error) {
	if path, found := strings.CutPrefix(address, "unix:"); found && path != "" {
		return address, address, true, nil
	}
	host, port := address, defaultPort
	if colon := strings.LastIndexByte(address, ':'); colon >= 0 && !strings.HasSuffix(address, "]") {
		// More colons without brackets: an address of IPv6 without a port.
		if before := address[:colon]; !strings.Contains(before, ":") || strings.HasPrefix(before, "[") {
			host, port = before, address[colon+1:]
		}
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
		if !strings.Contains(host, ":") {
			host = ""
		}
	}
	ip, notIP := netip.ParseAddr(host)
	number, notNumber := strconv.ParseUint(port, 10, 16)
	if (notIP != nil && !hostName.MatchString(host)) || notNumber != nil || number == 0 {
		return "", "", false, fmt.Errorf("wharfinger: server %q is no address; give HOST:PORT, such as %s", address, defaultServer)
	}
	local = host == "localhost" || (notIP == nil && ip.IsLoopback())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	shown = host + ":" + port
	return shown, "dns:///" + shown, local, nil
}
