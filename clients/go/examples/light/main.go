// Light asks for a task and prints its name: go run ./examples/light QUAY
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	wharfinger "github.com/wharfinger/wharfinger/clients/go"
)

func main() {
	client, err := wharfinger.New() // WHARFINGER_SERVER says where
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	task, err := client.Submit(context.Background(), "lamps", map[string]any{"quay": os.Args[1], "lamps": 4})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.Name())
}
