package wharfinger

import (
	"context"
	"iter"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

const pageSize = 1000

// pages tells the items of one page after the other; a page may be empty and not the last.
func pages[T any](read func(token string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for token := ""; ; {
			items, next, err := read(token)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			token = next
		}
	}
}

// List tells the project's tasks in the BASIC view, the newest first. The filter is one such as `state = FAILED AND
// labels.env = "prod"`; empty: all. An error is the last that it tells.
func (c *Client) List(ctx context.Context, filter string) iter.Seq2[*v1.Task, error] {
	return pages(func(token string) ([]*v1.Task, string, error) {
		page, err := call(ctx, c, tryTime, c.raw.Tasks.ListTasks,
			&v1.ListTasksRequest{Parent: c.parent(), Filter: filter, PageSize: pageSize, PageToken: token})
		return page.GetTasks(), page.GetNextPageToken(), err
	})
}

// Get returns a task by its full name or plain id.
func (c *Client) Get(ctx context.Context, name string) (*v1.Task, error) {
	return c.Task(name).Get(ctx)
}

// Caller tells who calls, as the server knows it, and what the credential opens.
func (c *Client) Caller(ctx context.Context) (*v1.Caller, error) {
	return call(ctx, c, tryTime, c.raw.Access.GetCaller, &v1.GetCallerRequest{})
}

// Prices tells prices in the order of provider, region and sku. The filter is one such as `provider = "ec2_linux" AND sku :
// "m5."`; empty: all. An error is the last that it tells.
func (c *Client) Prices(ctx context.Context, filter string) iter.Seq2[*v1.Price, error] {
	return pages(func(token string) ([]*v1.Price, string, error) {
		page, err := call(ctx, c, tryTime, c.raw.Prices.ListPrices,
			&v1.ListPricesRequest{Parent: c.parent(), Filter: filter, PageSize: pageSize, PageToken: token})
		return page.GetPrices(), page.GetNextPageToken(), err
	})
}
