"""Catalogues: what is known of a set of prices beside the prices, and how one differs from another."""

from __future__ import annotations

from dataclasses import dataclass

LAYERS = ("project", "operator", "libcloud", "downloaded", "bundled")
"""Where a price may come from, in the order they are asked."""


@dataclass(frozen=True, slots=True)
class CatalogDiff:
    """How a catalogue differs from an earlier one, in numbers of prices.

    `became_zero` had a figure and are zero or unknown now; they are neither raised nor lowered. `moved` of the raised
    and lowered did so by more than half; `compared` is how many have a figure in both, `known_before` in the earlier
    one.
    """

    added: int = 0
    removed: int = 0
    raised: int = 0
    lowered: int = 0
    became_zero: int = 0
    moved: int = 0
    compared: int = 0
    known_before: int = 0


@dataclass(frozen=True, slots=True)
class Catalog:
    """One immutable set of prices, as the database knows it. Times are microseconds, 0: not known.

    `digest` is the SHA-256 of its prices in canonical form, 64 hexadecimal digits. `format` is the name of what read it
    and `origin` the URL or the file's name. `source` is what it is a version of, by default the format and the scope of
    its data (`libcloud`, `aws_ec2`, `azure:eastus`): each source has one active catalogue. `quarantine_reason` is why
    it may not become active without an override, "" where the checks found nothing. `signed_by` names the trusted key.
    `sections` are the parts of the data with their numbers of prices, the largest first, 100 at most; `skipped` counts
    what is no price of this kind, by why. `fault_count` rows are left out because they can't be taken, or contradict
    another and make its name ambiguous; `faults` says where and why of the first ones. `etag` is the server's mark of
    the version that was fetched, `sha256` that of the file as it came ("": not known), and `check_time` when the origin
    was last asked.

    `active`, `stale` and `precedence`, its place among the active ones, 1 for the one that is asked first, are as of
    when it was read; 0: it is not active, or nobody asked.
    """

    digest: str
    format: str
    origin: str = ""
    data_time: int = 0
    import_time: int = 0
    price_count: int = 0
    unknown_count: int = 0
    quarantine_reason: str = ""
    signed_by: str = ""
    diff: CatalogDiff | None = None
    sections: tuple[tuple[str, int], ...] = ()
    skipped: tuple[tuple[str, int], ...] = ()
    etag: str = ""
    check_time: int = 0
    active: bool = False
    stale: bool = False
    source: str = ""
    sha256: str = ""
    precedence: int = 0
    fault_count: int = 0
    faults: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.source:
            # One of before there were sources: it is its format's.
            object.__setattr__(self, "source", self.format)

    @property
    def whence(self) -> str:
        """Where it came from, for people: the format, and the URL or the file's name."""
        return f"{self.format} {self.origin}".rstrip()


@dataclass(frozen=True, slots=True)
class Activation:
    """That a catalogue is to become its source's active one, or did: by whom, why, and whether checks were overridden.

    `source` is told where it is read. `time` is in microseconds, the database's own, and `number` is larger than that
    of each activation before; both are 0 for one that is yet to be.
    """

    digest: str
    actor: str
    reason: str = ""
    overridden: bool = False
    time: int = 0
    number: int = 0
    source: str = ""
