"""Tokens and tags by provider: the table of how each marks what it creates, so that a lost answer costs nothing.

A *token* is sent with the request, and the provider makes no second thing for it, however often it comes. A *tag* is
put on the thing in the request that makes it, so that a list finds it. Where a provider has neither there is the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TAG = "wharfinger"
"""Name of the tag, label or metadata key that holds the token."""


@dataclass(frozen=True, slots=True)
class Marking:
    """How the nodes of one provider are marked.

    `token`: the keyword of `create_node` for an idempotency token, "" if there is none. `tags`: the keyword for tags,
    and `form` how it takes them: "dict", "list", "text", or "attr" for a dict of raw attributes with `tags` as a list.
    `unique_names`: a second node of the same name in the same place is refused. `read`: where a listed node has its
    tags, a key of `extra`.
    """

    token: str = ""
    tags: str = ""
    form: str = "dict"
    read: str = "tags"
    unique_names: bool = False

    @property
    def idempotent(self) -> bool:
        """Whether a repeated request can't make a second node."""
        return bool(self.token) or self.unique_names

    def options(self, token: str) -> dict[str, Any]:
        """Return the keywords for `create_node` that mark the node with `token` (1 to 63 of a-z, 0-9 and -)."""
        found: dict[str, Any] = {self.token: token} if self.token else {}
        if self.tags:
            one = f"{TAG}-{token}"
            forms: dict[str, Any] = {"dict": {TAG: token}, "list": [one], "text": one, "attr": {"tags": [one]}}
            found[self.tags] = forms[self.form]
        return found

    def carried(self, node: Any) -> str:
        """Return the token that a listed node carries as its tag, "" if none."""
        extra = node.extra if isinstance(node.extra, dict) else {}
        tags = extra.get(self.read)
        if isinstance(tags, Mapping):
            return str(tags.get(TAG) or "")
        several = [tags] if isinstance(tags, str) else tags if isinstance(tags, (list, tuple)) else []
        marks = [str(tag).removeprefix(f"{TAG}-") for tag in several if str(tag).startswith(f"{TAG}-")]
        return marks[0] if marks else ""


MARKINGS: dict[str, Marking] = {
    "ec2": Marking(token="ex_clienttoken", tags="ex_metadata"),  # noqa: S106 - the name of an argument
    "aliyun_ecs": Marking(token="ex_client_token"),  # noqa: S106
    "gce": Marking(tags="ex_labels", read="labels", unique_names=True),
    "azure_arm": Marking(tags="ex_tags", unique_names=True),
    "openstack": Marking(tags="ex_metadata", read="metadata"),
    "digitalocean": Marking(tags="ex_create_attr", form="attr"),
    "linode": Marking(tags="ex_tags", form="list"),
    "scaleway": Marking(tags="ex_tags", form="list"),
    "vultr": Marking(tags="ex_tag", form="text", read="tag"),
}
"""The providers that have more than names, by libcloud's word for them."""

NAME_ONLY = Marking()
"""All others: nothing but the name tells a node of ours, and names may be taken twice."""


def marking(provider: str) -> Marking:
    """Return how `provider` ("ec2", "openstack" …) marks its nodes; NAME_ONLY for one that the table does not have."""
    return MARKINGS.get(provider.lower(), NAME_ONLY)
