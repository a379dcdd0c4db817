// The driver of the Go client: requests as JSON lines on stdin, answers as JSON lines on stdout.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log"
	"log/slog"
	"os"
	"strings"
	"sync"

	wharfinger "github.com/wharfinger/wharfinger/clients/go"
)

const longestLine = 64 << 20

type object = map[string]any

// request is a line of stdin.
type request struct {
	ID   int             `json:"id"`
	Op   string          `json:"op"`
	Args json.RawMessage `json:"args"`
}

// driver carries out operations, each in a goroutine of its own, so that a watch goes on while others are asked.
type driver struct {
	client *wharfinger.Client
	mutex  sync.Mutex
	output *json.Encoder
	open   map[int]context.CancelFunc
}

func main() {
	output := json.NewEncoder(os.Stdout)
	output.SetEscapeHTML(false)
	serving := &driver{output: output, open: map[int]context.CancelFunc{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	var work sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		own := serving.begin(ctx, asked.ID)
		if asked.Op == "connect" || asked.Op == "stop" {
			serving.answer(own, asked)
			continue
		}
		work.Go(func() { serving.answer(own, asked) })
	}
	cancel()
	work.Wait()
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func (d *driver) begin(ctx context.Context, id int) context.Context {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	own, cancel := context.WithCancel(ctx)
	d.open[id] = cancel
	return own
}

func (d *driver) end(id int) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if cancel := d.open[id]; cancel != nil {
		cancel()
	}
	delete(d.open, id)
}

func (d *driver) write(line object) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err := d.output.Encode(line); err != nil {
		log.Fatal(err)
	}
}

func (d *driver) answer(ctx context.Context, asked request) {
	value, err := d.carryOut(ctx, asked)
	switch stopped := ctx.Err() != nil; {
	case stopped:
		d.write(object{"id": asked.ID, "value": object{"stopped": true}})
	case err != nil:
		d.write(object{"id": asked.ID, "error": errorOf(err)})
	default:
		d.write(object{"id": asked.ID, "value": value})
	}
	d.end(asked.ID)
}

func (d *driver) carryOut(ctx context.Context, asked request) (any, error) {
	var args arguments
	if len(asked.Args) > 0 {
		if err := json.Unmarshal(asked.Args, &args); err != nil {
			return nil, err
		}
	}
	switch asked.Op {
	case "connect":
		return d.connect(args)
	case "stop":
		d.mutex.Lock()
		defer d.mutex.Unlock()
		if cancel := d.open[args.ID]; cancel != nil {
			cancel()
		}
		return object{}, nil
	}
	if d.client == nil {
		return nil, fmt.Errorf("%s before connect", asked.Op)
	}
	operation, known := operations[asked.Op]
	if !known {
		return nil, fmt.Errorf("no operation %q", asked.Op)
	}
	return operation(ctx, d, asked.ID, args)
}

func (d *driver) connect(args arguments) (any, error) {
	options := []wharfinger.Option{
		wharfinger.WithServer(args.Server), wharfinger.WithProject(args.Project),
		wharfinger.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
	}
	if args.Token != nil {
		options = append(options, wharfinger.WithToken(*args.Token))
	}
	if strings.HasPrefix(args.CA, "-----BEGIN") {
		options = append(options, wharfinger.WithCA([]byte(args.CA)))
	} else {
		options = append(options, wharfinger.WithCAFile(args.CA))
	}
	if args.Plaintext {
		options = append(options, wharfinger.WithPlaintext())
	}
	client, err := wharfinger.New(options...)
	if err == nil {
		d.client = client
	}
	return object{}, err
}

// tell writes the events of a watch until it ends.
func (d *driver) tell(id int, events iter.Seq2[wharfinger.Event, error]) (any, error) {
	for event, err := range events {
		if err != nil {
			return nil, err
		}
		d.write(object{"id": id, "event": eventOf(event)})
	}
	return object{}, nil
}
