package wharfinger

import (
	"context"
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
