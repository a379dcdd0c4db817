package wharfinger

import (
	"strings"

	codepb "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Word returns the name of a value of one of the API's enums without its prefix, such as SUCCEEDED, and UNKNOWN for a value
// that this package is too old to know.
func Word(value protoreflect.Enum) string {
	values := value.Descriptor().Values()
	known := values.ByNumber(value.Number())
	prefix, own := strings.CutSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
	switch {
	case known == nil:
		return "UNKNOWN"
	case !own:
		return string(known.Name())
	}
	return strings.TrimPrefix(string(known.Name()), prefix)
}

// codeWord returns a status code as the API writes it, such as NOT_FOUND.
func codeWord(code codes.Code) string { return Word(codepb.Code(code)) }
