package wharfinger

import (
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
)

// What gRPC says before the cause; the address is told already.
var beforeCause = regexp.MustCompile(`^(last connection error: )?connection error: desc = "(.*)"$`)

// causes are what gRPC says, whether by TLS ("": either way), what it means ("" as gRPC says it), and what to do about it: gRPC's
// own words are for whoever debugs gRPC.
var causes = []struct {
	pattern           *regexp.Regexp
	by, meaning, hint string
}{
	{regexp.MustCompile(`does not look like a TLS handshake`), "tls", "what listens there does not speak TLS",
		"without TLS it is http://SERVER, for a network that you trust"},
	{regexp.MustCompile(`certificate signed by unknown authority|certificate is not trusted`), "tls",
		"its certificate is not signed by an authority that is trusted here", "name the authority's certificate by WithCAFile or WHARFINGER_CA"},
	{regexp.MustCompile(`x509: certificate is valid for|doesn't contain any IP SANs|certificate is not valid for any names`), "tls",
		"its certificate is for another name", "ask it by the name that its certificate has"},
	{regexp.MustCompile(`certificate required|bad certificate`), "tls",
		"it asks callers for a certificate", "give yours by WithCertificate"},
	{regexp.MustCompile(`HTTP/1\.1 header|HTTP/1\.x|ALPN|unexpected content-type|malformed HTTP`), "", "what listens there is no gRPC server",
		"see to the port: 7480 is the usual one"},
	{regexp.MustCompile(`(preface|handshake).*(deadline exceeded|i/o timeout|use of closed network connection)`), "", "what listens there says nothing",
		"see to the port; perhaps the server is stopped, or something between here and there holds the line"},
	{regexp.MustCompile(`error reading server preface: (EOF|.*(reset by peer|frame too large|broken pipe))`), "plain",
		"it closed the connection at once", "it was spoken to without TLS; if it speaks TLS it is https://SERVER"},
	{regexp.MustCompile(`^context deadline exceeded$`), "", "it did not answer in time", ""},
	{regexp.MustCompile(`connection refused`), "", "nothing listens there (connection refused)", "see that the server runs, and to the address"},
	{regexp.MustCompile(`no such host|name resolver error|produced zero addresses`), "", "there is no such host",
		"see to the address, and to this machine's name service"},
}

// because tells why the server was not reached, in words, and what to do about it.
func (c *Client) because(text string) (detail, hint string) {
	if found := beforeCause.FindStringSubmatch(text); found != nil {
		text = found[2]
	}
	by := "plain"
	if c.settings.tls != nil {
		by = "tls"
	}
	for _, cause := range causes {
		if (cause.by == "" || cause.by == by) && cause.pattern.MatchString(text) {
			return cause.meaning, strings.ReplaceAll(cause.hint, "SERVER", c.settings.server)
		}
	}
	return text, ""
}

// silent tells whether the connection itself may be dead, or is to a name that is looked up no more.
func silent(gone *Unreachable) bool {
	return gone.Code == codes.DeadlineExceeded || gone.Detail == "there is no such host"
}
