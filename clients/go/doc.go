// Package wharfinger is the client of Wharfinger: cloud work as durable tasks.
//
// A task is a script, run with params by a server. It is durable once [Client.Submit] returns; whatever becomes of the
// connection, the server or this program, it runs, and what it makes in the world outside stands in its ledger before it
// is made. A task that stops half-way can so say what exists, what is uncertain and what that costs.
//
//	client, err := wharfinger.New() // WHARFINGER_SERVER, or a server on this machine
//	task, err := client.Submit(ctx, "image.import", map[string]any{"source": url, "name": "disk"})
//	for event, err := range task.Watch(ctx) {
//		…
//	}
//	var half *wharfinger.PartialFailure
//	if err := task.Result(ctx, &result); errors.As(err, &half) {
//		…
//	}
//
// # Connections that break
//
// Every call may be made again, and is: requests that change something carry an id, made once, under which the server
// does them once. A call is asked again for five seconds while nobody answers, or for as long as [WithPatience] says. Watches and
// waits go on for as long as their context lives, over broken connections and restarts of the server; only a server that
// never answered at all is given up.
//
// # Errors
//
// [*Refused] is the server's no, with a reason for programs; [*Unreachable] says that no answer came, and why. A task
// that did not succeed is a [*PartialFailure], a [*TaskFailed], a [*TaskCancelled] or a [*RolledBack]. All are found with
// [errors.As]. A context that ends is found with [errors.Is] as usual; it never stops a task.
//
// # Messages
//
// Tasks, entries of the ledger and prices are the API's own messages, of wharfinger/v1. Importing this package registers the
// details of errors, so that protojson can write any of them. [Client.Raw] has the generated stubs.
package wharfinger

// The details of errors are found by their types' names, which this registers.
import _ "google.golang.org/genproto/googleapis/rpc/errdetails"
