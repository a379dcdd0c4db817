"""`python -m wharfinger_prices` is `wharfinger-prices`."""

from wharfinger_prices.commands.main import main

main()
