"""The types of a script's `estimate(params, prices)`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

Item = Any
"""What `Prices.item` returns: of no use but to be returned in the list."""


class Prices(Protocol):
    """Names what a script will make, so that the server can say what it costs before anything is made.

    `def estimate(params, prices)` returns a list of `prices.item(…)`: one for each thing that costs something while it
    lives. `params` are those that `main` finds in `task.params`. It is a plain function, run when the task is created:
    it must be quick (a few seconds at most), and ask no cloud. The server looks the prices up and adds them; what it
    has no price for is listed as unpriced, which is not zero.

    ```python
    def estimate(params, prices):
        account = prices.profile(params["profile"])
        return [
            prices.item(f"node/{n}", provider="ec2_linux", region=account["region"], sku=params["size"])
            for n in range(params["count"])
        ]
    ```
    """

    def item(
        self,
        what: str,
        *,
        provider: str,
        region: str = "",
        sku: str,
        quantity: str | int | Decimal = "1",
        category: str = "on-demand",
        term: str = "",
        unit: str = "",
    ) -> Item:
        """Return one item. `what` is the key that the thing is going to have in the ledger; each only once.

        `provider`, `region` and `sku` are those of the price catalogue (`wharfinger prices show`); region "" is the
        price that holds everywhere. `quantity` is a decimal number as text: how much is held of what is priced by time
        (`"1"` node, `"40"` GB), or how much an hour uses of the rest. `unit`, such as `"Hours"`, tells which of several
        prices of one thing is meant.
        """
        ...

    def free(self, what: str) -> Item:
        """Return the item of a thing that costs nothing by its nature, such as an attachment.

        What is not named at all has no known price, which is counted apart; this is known to be free.
        """
        ...

    def unknown(self, what: str) -> Item:
        """Return the item of a thing that will cost something, and nobody can tell yet what it is priced by.

        It is listed as unpriced, never as zero; leaving it out would hide it from who asks what the task costs.
        """
        ...

    def profile(self, name: str) -> Mapping[str, str]:
        """Return `provider` and `region` of a cloud account, "" where it names none; never credentials.

        Raises an error that ends the estimate where the project has no profile of that name.
        """
        ...

    def store(self, name: str) -> Mapping[str, str]:
        """Return how an object store is billed; never credentials.

        `price` is "free"; "listed", and then `provider`, `region` and `sku` are what `item` takes, the quantity being
        GB; or "unknown": then an object in it is `unknown`. Raises an error that ends the estimate where there is no
        store of that name, or the operator configured it wrongly.
        """
        ...
