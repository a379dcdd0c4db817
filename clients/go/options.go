package wharfinger

import (
	"crypto/tls"
	"log/slog"
	"time"

	"google.golang.org/grpc"
)

// Option says how a client reaches its server. What is not said comes from the environment: WHARFINGER_SERVER,
// WHARFINGER_PROJECT, WHARFINGER_TOKEN or a file named by WHARFINGER_TOKEN_FILE, WHARFINGER_CA (a file of certificates).
type Option func(*options)

// options are what the caller said; settings are what follows from it.
type options struct {
	server, project string
	token           *string
	secure          *bool
	caFile          string
	ca              []byte
	certFile        string
	keyFile         string
	tls             *tls.Config
	patience        time.Duration
	logger          *slog.Logger
	dial            []grpc.DialOption
}

// WithServer names the server: HOST, HOST:PORT, [V6]:PORT or unix:/PATH, or any of these after https:// (TLS) or http://
// (none). Without a scheme, addresses of this machine are spoken to plainly and all others by TLS.
func WithServer(address string) Option { return func(o *options) { o.server = address } }

// WithProject names the project that tasks are of; a plain name, `default` by default.
func WithProject(project string) Option { return func(o *options) { o.project = project } }

// WithToken is the credential that every call carries. It is only sent by TLS, or within this machine; "" sends none.
func WithToken(token string) Option { return func(o *options) { o.token = &token } }

// WithPlaintext speaks without TLS, as http:// before the server's address does: for a network that you trust.
func WithPlaintext() Option { return func(o *options) { o.secure = new(bool) } }

// WithTLS speaks by TLS with this configuration; nil for the system's authorities. It goes before the other options about
// certificates.
func WithTLS(config *tls.Config) Option {
	return func(o *options) { secure := true; o.secure, o.tls = &secure, config }
}

// WithCA trusts the authorities in these PEM certificates, and no others; it asks for TLS.
func WithCA(pem []byte) Option { return func(o *options) { o.ca = pem } }

// WithCAFile trusts the authorities in this file of PEM certificates, and no others; it asks for TLS.
func WithCAFile(path string) Option { return func(o *options) { o.caFile = path } }

// WithCertificate shows this certificate to the server, from two PEM files; it asks for TLS.
func WithCertificate(certFile, keyFile string) Option {
	return func(o *options) { o.certFile, o.keyFile = certFile, keyFile }
}

// WithPatience says how long a call is asked again while nobody answers, from its beginning; 5 seconds by default, 0: once.
// Watches, Wait and Result have no such limit once the server answered.
func WithPatience(patience time.Duration) Option { return func(o *options) { o.patience = patience } }

// WithLogger is told when something is asked again, and why; without it nobody is.
func WithLogger(logger *slog.Logger) Option { return func(o *options) { o.logger = logger } }

// WithDialOptions adds to gRPC's own options, such as interceptors and a stats handler.
func WithDialOptions(more ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, more...) }
}
