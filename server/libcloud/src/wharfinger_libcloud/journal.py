"""A record of every request that may change something, and of the calls that sent them.

The calls say what was to be made and, once they have returned, what was; inside a call that has not, the requests and
their answers are the evidence of what is half made.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests
from libcloud.storage.base import StorageDriver
from urllib3.exceptions import NameResolutionError, NewConnectionError

from wharfinger_libcloud.calls import CHANGES, MAKES, READS, REMOVES, Call, id_of
from wharfinger_libcloud.readers import operation_of, read_answer, read_end
from wharfinger_libcloud.reading import MAKE, Asked, Made, base_kind, is_part, kind_of_word, known_kind, removed_ids
from wharfinger_libcloud.redaction import redacted

if TYPE_CHECKING:
    from wharfinger_libcloud.results import Result

TIMEOUT = 60.0
"""Seconds that a request may take, from the first wait for a connection to the last byte of its answer."""

# EC2 says so with a 503, before it looks at the request.
_THROTTLED = re.compile(r"<Code>(RequestLimitExceeded|Throttling|ThrottlingException)</Code>")
# Errors of libcloud's by which a provider says for certain that it made nothing.
_DEFINITE = re.compile(r"AlreadyExists|DoesNotExist|NotFound|InvalidCreds|Invalid\w*Name|NotEmpty|NotImplemented")
_TINKERS = re.compile(r"^(set|update|modify|change|put|enable|disable|start|stop|reboot|power)", re.IGNORECASE)
_ACCESSORIES = frozenset({"tag", "metadata", "metadatum", "label", "action"})
# S3's, Swift's and Azure's requests about a part of a thing, or about how it is kept.
_PIECES = frozenset({"acl", "cors", "lifecycle", "partNumber", "policy", "tagging", "uploads", "versioning", "website"})


class NotSent(Exception):
    """The request was not sent, because the call that wanted to send it was given up before."""


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and what came of it. `status` None: no answer. Bodies are redacted and cut.

    `sent` and `ended` are seconds since the epoch; `error` says why there is no answer; `unsent` that the request never
    left, as where no connection could be had. `call` is the driver's method that sent it and `driver` the driver, where
    they are known; `settled` that what the call returned tells all.
    """

    asked: Asked
    request: str
    sent: float
    call: Call | None = None
    driver: Any = None
    url: str = ""
    ended: float | None = None
    status: int | None = None
    answer: str = ""
    error: str = ""
    unsent: bool = False
    made: list[Made] = field(default_factory=list)
    said_done: bool = False
    throttled: bool = False
    settled: bool = False
    first: bool = True
    operation: str = ""
    doubt: str = ""

    @property
    def role(self) -> Any:
        """What the call that sent it does, None outside of a call or in one that nobody knows."""
        work = self.call.work if self.call is not None else None
        return work.role if work is not None and work.role.effect else None

    @property
    def kind(self) -> str:
        """What kind of thing it is about."""
        role = self.role
        if role is None or role.effect != MAKES or role.kind == "":
            return self.asked.kind
        own, wanted = self.asked.kind, str(role.kind)
        if isinstance(self.driver, StorageDriver) or not known_kind(own) or own == "attachment":
            return wanted
        if not base_kind(own) and not base_kind(wanted):
            return wanted  # two words for one thing: Amazon's VPC is libcloud's network
        # A template is an image, and a snapshot's template a template.
        return wanted if own in wanted or {own, wanted} in ({"template", "image"}, {"sshkey", "keypair"}) else own

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the things that it asked for."""
        if self.role is not None and self.call is not None and self.kind == self.role.kind:
            return self.call.work.names or self.asked.names
        return self.asked.names

    @property
    def makes(self) -> bool:
        """Whether it is there to make something."""
        asked, role = self.asked, self.role
        if role is None:
            return asked.makes or asked.method == "PUT"
        if role.effect != MAKES or asked.removes or asked.reads:
            return False
        if isinstance(self.driver, StorageDriver):
            query = dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))
            return not (_PIECES & set(query) or query.get("comp") in ("block", "page", "lease"))
        if asked.action:
            return self._action_makes(role)
        if is_part(asked.path) or asked.kind in _ACCESSORIES:
            return self.first  # the way to make an image of a node; after something was made, a step with it
        return asked.method in ("POST", "PUT") or (asked.method == "PATCH" and role.kind == "record")

    def _action_makes(self, role: Any) -> bool:
        """Whether a query service's action makes something, in a call that does."""
        action = self.asked.action
        noun = kind_of_word(re.sub(r"^[a-z]+|^[A-Z][a-z]+", "", action, count=1)) if re.search("[A-Z]", action) else ""
        if role.kind == noun or not noun:
            return not _TINKERS.match(action)
        if noun in _ACCESSORIES or re.match(r"attach|associate|add", action, re.IGNORECASE):
            return bool(role.soft)
        return bool(MAKE.match(action)) and not re.search(r"(Register|Add|Attach)\w*(With|To)[A-Z]", action)

    @property
    def refused(self) -> bool:
        """Whether it definitely changed nothing: a 4xx other than a timeout, too many requests, or never sent."""
        return (
            self.unsent
            or self.throttled
            or (self.status is not None and 400 <= self.status < 500 and self.status not in (408, 499))
        )

    @property
    def in_doubt(self) -> bool:
        """Whether it may have made something whose id nobody knows."""
        if self.doubt:
            return not self.settled
        if self.refused or self.made or self.settled or self.asked.removes:
            return False
        role = self.role
        if role is not None and not self.makes:
            return False
        if self.status is None or self.status >= 500 or self.status == 408:
            return True
        if role is not None:
            return not self._told_definitely and (not role.soft or self._failed)
        begun = self.asked.method == "PUT" and self.status == 202
        return (self.asked.makes or begun) and not self.said_done

    @property
    def changed(self) -> bool:
        """Whether it changed, or may have changed, what was there before."""
        if self.call is None or self.refused or self.made or self.in_doubt or self.asked.removes:
            return False
        work = self.call.work
        return work.role.effect == CHANGES or work.replaces is True or (work.role.effect == MAKES and not self.makes)

    @property
    def _failed(self) -> bool:
        return self.call is not None and self.call.work.error is not None

    @property
    def _told_definitely(self) -> bool:
        call = self.call
        while call is not None:
            if call.error is not None:
                return bool(_DEFINITE.search(type(call.error).__name__))
            call = call.inside
        return False

    @property
    def why(self) -> str:
        """Why it is in doubt, in words."""
        if self.doubt:
            return self.doubt
        if self.status is None:
            return self.error or "it was not answered yet"
        if self.status < 300:
            return f"the answer {self.status} names nothing that was made"
        return f"it was answered {self.status}"

    def __str__(self) -> str:
        return f"{self.asked.verb} → {self.status if self.status is not None else self.error or 'no answer yet'}"

    def note_answer(self, status: int, text: str, location: str) -> None:
        """Note what came back, and read from it what was made."""
        self.status = status
        self.answer = redacted(text)
        self.throttled = status == 503 and bool(_THROTTLED.search(text))
        if status >= 300:
            return
        role = self.role
        self.said_done = role is None and ("<return>true</return>" in text or status == 204)
        self.operation = operation_of(text)
        if not self.makes:
            return
        if role is not None and isinstance(self.driver, StorageDriver):
            self._note_stored(status)
        elif role is not None and role.kind == "attachment":
            self.made = [Made("attachment", id_of(self.call.work.of), of=self.call.work.of)] if self.call else []
        elif role is not None and role.kind == "association":
            self.settled = True
        elif isinstance(self.driver, StorageDriver):
            self.doubt = "nobody knows what it makes: it was not sent by a method of a driver that the block keeps"
        elif self.asked.method != "PUT" or status == 201 or (role is not None and status == 202):
            # A PUT that was answered 200 has changed what was there before.
            named = replace(self.asked, names=self.names)
            self.made = read_answer(named, text, location, self.kind if role is not None else "")
        elif role is None or read_answer(self.asked, text, location, self.kind):
            self.settled = True
        if role is not None and len(self.made) == len(self.names) == 1:
            self.made = [replace(self.made[0], name=self.names[0])]
        of = self.call.work.of if self.call is not None else None
        self.made = [replace(one, driver=self.driver, of=of, within=one.within or id_of(of)) for one in self.made]

    def _note_stored(self, status: int) -> None:
        """A store's answer says nothing: the container and the key are in the call's arguments."""
        call = self.call.work if self.call is not None else None
        if call is None or not call.names or call.replaces is True or (status == 202 and call.role.kind == "container"):
            self.settled = True
            return
        name = call.names[0]
        whole = f"{id_of(call.of)}/{name}" if call.role.kind == "object" else name
        if call.replaces is None:
            self.doubt = f"it was answered {status}, and whether {whole} was there before could not be seen"
            return
        self.made = [Made(call.role.kind, whole, name, of=call.of, driver=self.driver)]

    def note_error(self, error: BaseException) -> None:
        """Note why there is no answer."""
        self.unsent = isinstance(error, (NotSent, requests.ConnectTimeout)) or isinstance(
            getattr(error.args[0] if error.args else None, "reason", None), (NewConnectionError, NameResolutionError)
        )
        self.error = f"{type(error).__name__} before an answer came"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call that has returned: what it made by its result, or the kind and id of what it took away."""

    call: Call
    things: tuple[Made, ...] = ()
    whole: bool = False
    removed: tuple[str, str, str] | None = None


class Journal:
    """The exchanges of one block or call, in the order they were sent. Safe to read and to write from many threads."""

    def __init__(self, timeout: float = TIMEOUT, outer: Journal | None = None) -> None:
        self.timeout = timeout
        self._outer = outer
        self._lock = threading.Lock()
        self._entries: list[Exchange | Outcome] = []
        self._names: set[str] = set()
        self._closed = False

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges so far."""
        with self._lock:
            return [one for one in self._entries if isinstance(one, Exchange)]

    @property
    def made(self) -> list[Made]:
        """What was made and not taken away again, oldest first."""
        with self._lock:
            entries = list(self._entries)
        found: dict[tuple[int, str, str, str], tuple[Made, Call | None]] = {}
        for entry in entries:
            if isinstance(entry, Outcome):
                self._apply(entry, found)
                continue
            if entry.call is None and entry.asked.removes and entry.status is not None and entry.status < 300:
                gone = removed_ids(entry.asked)
                found = {
                    key: one
                    for key, one in found.items()
                    if one[0].id not in gone or one[0].kind != entry.asked.removed_kind
                }
            for made in entry.made:
                found[_key(made)] = (made, entry.call)
        return [made for made, _ in found.values()]

    @staticmethod
    def _apply(outcome: Outcome, found: dict[tuple[int, str, str, str], tuple[Made, Call | None]]) -> None:
        if outcome.removed is not None:
            kind, known, within = outcome.removed
            for key, (made, _) in list(found.items()):
                same = made.kind == kind and known in (made.id, made.name) and key[0] == id_or_0(outcome.call.driver)
                if same and (not within or not made.within or within == made.within):
                    del found[key]
            return
        kind = outcome.call.work.role.kind
        if outcome.whole:
            for key, (made, call) in list(found.items()):
                if call is not None and call.within(outcome.call) and made.kind == kind:
                    del found[key]
        for made in outcome.things:
            found[_key(made)] = (made, outcome.call)

    @property
    def returned(self) -> list[Call]:
        """The calls that have returned with something they made, or wrote over."""
        with self._lock:
            outcomes = [one for one in self._entries if isinstance(one, Outcome)]
        return [one.call for one in outcomes if one.things or one.whole]

    @property
    def in_doubt(self) -> list[Exchange]:
        """The requests that may have made something unknown."""
        return [exchange for exchange in self.exchanges if exchange.in_doubt]

    @property
    def changed(self) -> list[Exchange]:
        """The requests that changed, or may have changed, what was there before."""
        return [one for one in self.exchanges if one.changed]

    @property
    def names(self) -> set[str]:
        """All names that were asked for, by the arguments of calls or by requests."""
        with self._lock:
            names = set(self._names)
        return names | {name for exchange in self.exchanges for name in exchange.names}

    @property
    def on_its_way(self) -> bool:
        """Whether a change was sent and is not answered yet."""
        return any(exchange.ended is None for exchange in self.exchanges)

    def close(self) -> None:
        """Let nothing more be sent: it raises NotSent. What is on its way just now goes on."""
        with self._lock:
            self._closed = True

    def check_open(self, asked: Asked) -> None:
        """Raises NotSent if this journal or one around it is closed."""
        if self._outer is not None:
            self._outer.check_open(asked)
        if self._closed:
            raise NotSent(f"{asked.verb} was not sent: the call was given up before")

    def begin(self, asked: Asked, body: Any, url: str, call: Call | None, driver: Any) -> Exchange:
        """Note that a request is about to be sent. Raises NotSent once the journal is closed."""
        if isinstance(body, (bytes, bytearray)):
            body = bytes(body[:65536]).decode("utf-8", "replace")
        text = body if isinstance(body, str) else ""
        exchange = Exchange(asked, redacted(text), time.time(), call, driver, url)
        work = call.work if call is not None else None
        exchange.first = not any(one.made and one.call and work and one.call.within(work) for one in self.exchanges)
        self.add(exchange)
        return exchange

    def note_read(self, text: str) -> None:
        """Note what a look says of work that is under way: what it was to make does not exist where it failed."""
        ended = read_end(text)
        if ended is None or not ended.failed:
            return
        for exchange in self.exchanges:
            if exchange.operation == ended.operation:
                exchange.made, exchange.settled = [], True

    def note_return(self, call: Call, result: Result) -> None:
        """Note that a call returned, and what its result tells."""
        if call.role.effect == MAKES:
            replaced = call.replaces is not False
            things = () if replaced else result.things
            if result.whole:
                for exchange in self.exchanges:
                    if exchange.call is not None and exchange.call.within(call) and exchange.kind == call.role.kind:
                        exchange.settled = call.replaces is not None
            self.add(Outcome(call, things, result.whole))
        elif call.role.effect == REMOVES and result.value is not False:
            kind = call.role.kind
            self.add(Outcome(call, removed=(kind, id_of(call.of), id_of(getattr(call.of, "zone", None)))))

    def note_names(self, names: Iterable[str]) -> None:
        """Note the names that a call is about to ask for."""
        with self._lock:
            self._names.update(names)
        if self._outer is not None:
            self._outer.note_names(names)

    def add(self, entry: Exchange | Outcome) -> None:
        """Add an entry here and in the journals around, or nowhere. Raises NotSent if one of them is closed."""
        with self._lock:
            if isinstance(entry, Exchange):
                self.check_open(entry.asked)
            if self._outer is not None:
                self._outer.add(entry)
            self._entries.append(entry)


def id_or_0(driver: Any) -> int:
    """Return what tells one driver object from another."""
    return id(driver) if driver is not None else 0


def _key(made: Made) -> tuple[int, str, str, str]:
    within = made.within if made.kind in ("record", "member") else ""
    return id_or_0(made.driver), made.kind, made.id, within


def reads(call: Call | None) -> bool:
    """Whether a call only reads."""
    return call is not None and call.work.role.effect == READS
