package wharfinger

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

func TestEveryReasonHasARule(t *testing.T) {
	for number, name := range v1.ErrorReason_name {
		reason := strings.TrimPrefix(name, "ERROR_REASON_")
		rule := rules[reason]
		if number != 0 && (rule == nil || rule.GetRetry() == v1.RetryRule_RETRY_RULE_UNSPECIFIED) {
			t.Errorf("%s has none", reason)
		}
	}
	for reason, want := range map[string]bool{"DATABASE_BUSY": true, "SERVER_DRAINING": true, "WATCH_LIMIT": true, "PRICES_UNREACHABLE": true,
		"TASK_NOT_FOUND": false, "QUOTA_EXCEEDED": false, "INTERNAL": false, "": false, "OF_A_NEWER_SERVER": false} {
		if got := (&Refused{Reason: reason}).Retryable(); got != want {
			t.Errorf("%s: %t", reason, got)
		}
	}
	if !(&Refused{Reason: "OF_A_NEWER_SERVER", RetryAfter: time.Second}).Retryable() {
		t.Error("a newer server says by RetryInfo what may be asked again")
	}
}

func TestARefusalHasAllItsDetails(t *testing.T) {
	bad := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "task.params.size", Description: "must be a number"}, {Field: "task.params.name", Description: "must be there"}}}
	err := refusal(codes.InvalidArgument, "PARAMS_INVALID", 0, bad, &v1.Choices{Values: []string{"a", "b"}})
	got := refused(status.Convert(err).Proto())
	if got.Violations[1].Field != "task.params.name" || got.Choices[1] != "b" || got.Metadata["limit"] != "1" {
		t.Errorf("%#v", got)
	}
	if want := "wharfinger: no: PARAMS_INVALID [PARAMS_INVALID]; task.params.size: must be a number; task.params.name: must be there"; got.Error() != want {
		t.Errorf("%s", got)
	}
	bare := refused(status.New(codes.FailedPrecondition, "").Proto())
	if bare.Error() != "wharfinger: the request was refused [FAILED_PRECONDITION]" {
		t.Errorf("%s", bare)
	}
}

func TestAServerThatIsAwayIsGivenUpAndAServerThatComesIsNot(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	client, err := New(WithServer(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	want := "wharfinger: no answer from the server at " + address + ": nothing listens there (connection refused); see that the server runs, and to the address"
	for what, ask := range map[string]func() error{
		"a call":  func() error { _, err := client.Submit(t.Context(), "fake", nil); return err },
		"a wait":  func() error { return client.Task("fake").Result(t.Context(), nil) },
		"a watch": func() error { _, err := told(t.Context(), client.Task("fake")); return err },
	} {
		began := time.Now()
		if err := ask(); err == nil || err.Error() != want {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(began); took < time.Second || took > 7*time.Second {
			t.Errorf("%s took %s", what, took)
		}
	}
	if _, err := Dial(t.Context(), WithServer(address), WithPatience(0)); err == nil {
		t.Error("there is nobody to dial")
	}
}

// certificate makes one for this machine, signed by itself.
func certificate(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"harbour.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	made, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{made}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made})
}

func TestHowAServerIsSpokenToIsTold(t *testing.T) {
	pair, ca := certificate(t)
	plain, secure := newFake(t, 0), newFake(t, 0, withCertificate(pair))
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(web) }()
	t.Cleanup(func() { _ = server.Close() })
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	for name, test := range map[string]struct {
		address string
		options []Option
		want    string
	}{
		"TLS to plain text": {plain.address, []Option{WithCA(ca)}, "what listens there does not speak TLS; without TLS it is http://" + plain.address},
		"plain text to TLS": {secure.address, nil, "it was spoken to without TLS; if it speaks TLS it is https://" + secure.address},
		"strange authority": {secure.address, []Option{WithTLS(nil)}, "its certificate is not signed by an authority that is trusted here; name the authority's certificate by WithCAFile or WHARFINGER_CA"},
		"another name":      {secure.address, []Option{WithTLS(&tls.Config{RootCAs: pool(ca), ServerName: "elsewhere.test"})}, "its certificate is for another name"},
		"a web server":      {web.Addr().String(), nil, "what listens there is no gRPC server; see to the port: 7480 is the usual one"},
		"a mute server":     {mute.Addr().String(), nil, "what listens there says nothing"},
		"no such host":      {"nowhere.invalid:7480", []Option{WithPlaintext()}, "there is no such host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := New(append(test.options, WithServer(test.address), WithPatience(time.Second))...)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err = client.Submit(ctx, "fake", nil)
			var gone *Unreachable
			if !errors.As(err, &gone) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("as it should be", func(t *testing.T) {
		client := connect(t, secure, WithCA(ca), WithToken("t"))
		if _, err := client.Submit(t.Context(), "fake", nil); err != nil || secure.tokens[0] != "Bearer t" {
			t.Errorf("%v, tokens %v", err, secure.tokens)
		}
		if _, err := client.Raw().Tasks.GetTask(t.Context(), &v1.GetTaskRequest{}); err != nil || len(secure.tokens) != 2 {
			t.Errorf("the stubs have no token: %v", err)
		}
	})
}

func TestATokenIsSentWithinThisMachine(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	if _, err := connect(t, f, WithToken("t")).Submit(t.Context(), "fake", nil); err != nil || f.tokens[0] != "Bearer t" {
		t.Errorf("%v, tokens %v", err, f.tokens)
	}
}

func pool(ca []byte) *x509.CertPool {
	made := x509.NewCertPool()
	made.AppendCertsFromPEM(ca)
	return made
}

func TestAnOlderServerIsToldAsOne(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	_, err := connect(t, f).Price(t.Context(), PriceQuery{Provider: "quay", SKU: "berth"})
	var refusal *Refused
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "is an older server, or no Wharfinger server [UNIMPLEMENTED]") {
		t.Errorf("%v", err)
	}
}
