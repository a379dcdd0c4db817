package wharfinger

import (
	"context"
	"iter"
	"math/big"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// PriceQuery asks for one price. Provider and SKU must be there; what else is empty is the only one there is, or `on-demand` of
// the categories.
type PriceQuery struct {
	Provider, SKU, Region, Category, Term, Currency, Unit, Source string
	// At asks for the price of that moment; zero: now.
	At time.Time
	// Basis looks in what an estimate was made by (v1.CostEstimate.PriceBasis), and not in what is active.
	Basis string
}

// Price returns one price. One that nobody knows is a [*Refused] with the reason PRICE_UNKNOWN, and never zero; where the question
// fits several it is PRICE_AMBIGUOUS, with the choices.
func (c *Client) Price(ctx context.Context, query PriceQuery) (*v1.Price, error) {
	request := &v1.GetPriceRequest{Parent: c.parent(), Provider: query.Provider, Sku: query.SKU, Region: query.Region,
		Category: query.Category, Term: query.Term, CurrencyCode: query.Currency, Unit: query.Unit, Source: query.Source, PriceBasis: query.Basis}
	if !query.At.IsZero() {
		request.AtTime = timestamppb.New(query.At)
	}
	return call(ctx, c, tryTime, c.raw.Prices.GetPrice, request)
}

// PriceHistory tells since when a thing cost what, the oldest first; the last one is what [Client.Price] answers now. The query's
// At and Basis don't count.
func (c *Client) PriceHistory(ctx context.Context, query PriceQuery) ([]*v1.PricePoint, error) {
	found, err := call(ctx, c, tryTime, c.raw.Prices.ListPriceHistory, &v1.ListPriceHistoryRequest{Parent: c.parent(),
		Provider: query.Provider, Sku: query.SKU, Region: query.Region, Category: query.Category, Term: query.Term,
		CurrencyCode: query.Currency, Unit: query.Unit, Source: query.Source})
	return found.GetPoints(), err
}

// PriceChanges tells what is not the same in two catalogues, by their names. An empty before is what was active in the
// catalogue's source before it became so. An error is the last that it tells.
func (c *Client) PriceChanges(ctx context.Context, catalog, before string) iter.Seq2[*v1.PriceChange, error] {
	return pages(func(token string) ([]*v1.PriceChange, string, error) {
		page, err := call(ctx, c, tryTime, c.raw.Prices.DiffCatalogs,
			&v1.DiffCatalogsRequest{Name: catalog, Before: before, PageSize: pageSize, PageToken: token})
		return page.GetChanges(), page.GetNextPageToken(), err
	})
}

// Budgets tells what the project, or for `-` each one that the credential opens, may spend an hour, and does.
func (c *Client) Budgets(ctx context.Context) ([]*v1.Budget, error) {
	found, err := call(ctx, c, tryTime, c.raw.Prices.ListBudgets, &v1.ListBudgetsRequest{Parent: c.parent()})
	return found.GetBudgets(), err
}

// Leftovers sums up what half-done tasks of the project, or for `-` of each one that the credential opens, left behind.
func (c *Client) Leftovers(ctx context.Context, by v1.LeftoverGrouping) (*v1.SummarizeLeftoversResponse, error) {
	return call(ctx, c, tryTime, c.raw.Tasks.SummarizeLeftovers, &v1.SummarizeLeftoversRequest{Parent: c.parent(), GroupBy: by})
}

// Estimate says what a task would cost for an hour; nothing is created. While Unpriced is not empty, Hourly is a lower bound.
func (c *Client) Estimate(ctx context.Context, script string, params any, opts ...TaskOption) (*v1.CostEstimate, error) {
	wish := NewTask{Script: script, Params: params}
	for _, opt := range opts {
		opt(&wish)
	}
	request, err := c.createRequest(wish)
	if err != nil {
		return nil, err
	}
	return call(ctx, c, tryTime, c.raw.Prices.EstimateCost, &v1.EstimateCostRequest{Parent: c.parent(), Task: request.GetTask()})
}

// Amount returns an amount of money exactly; nil where it is unknown, which is not zero.
func Amount(money *v1.DecimalMoney) *big.Rat {
	exact, ok := new(big.Rat).SetString(money.GetAmount())
	if !ok {
		return nil
	}
	return exact
}
