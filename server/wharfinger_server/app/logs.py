"""The server's log on standard error: one JSON object a line, or plain lines where a person looks on.

Facts beside the sentence travel as `extra=`: the name of a task, a reason, an incident. Params never do; where a
library, or a script's own logging, tells a secret all the same, a mark stands in its place.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from wharfinger.harmless import clean, escaped
from wharfinger.runtime.redaction import Redactor, known, present
from wharfinger_server.config import Settings, secret_values

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Made once: json.dumps would make it anew for every line.
_encode = json.JSONEncoder(default=str, ensure_ascii=False).encode
_formatter = logging.Formatter()
_OURS = "wharfinger_server"
log = logging.getLogger(__name__)


def set_up(settings: Settings) -> None:
    """Send every log line to standard error, in the form and from the level that the settings ask for."""
    guarded = secret_values((settings.profiles, settings.stores), guarded=True)
    prices = {one.name: getattr(settings.prices, one.name) for one in dataclasses.fields(settings.prices)}
    tables = (settings.executors, prices, settings.packages)
    known.keep(Redactor([*guarded, *secret_values(tables), *secret_values(settings.store.url)]))
    form = settings.server.log_format
    plain = form == "plain" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainLines() if plain else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.server.log_level.upper())
    # Libraries tell more than an operator wants to know.
    for name in ("asyncio", "alembic", "grpc", "sqlalchemy", "stevedore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    threading.excepthook = _tell_of_thread


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Log what ended a thread of a script or a library, as a line like all others and without secrets."""
    if ended.exc_value is None or issubclass(ended.exc_type, SystemExit):
        return
    name = ended.thread.name if ended.thread is not None else "?"
    error = (ended.exc_type, ended.exc_value, ended.exc_traceback)
    log.error("the thread %s ended by an error that nobody caught", name, exc_info=error)


def _moment(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the facts, and the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        told = _Told(record)
        line = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": told.message,
            **told.facts,
        }
        if told.exception:
            line["exception"] = told.exception
        return escaped(_encode(line))


class PlainLines(logging.Formatter):
    """Lines for people: time, level where it matters, message, facts as key=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line, with the traceback of an exception below it."""
        told = _Told(record)
        moment = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = "" if record.levelno <= logging.INFO else f"{record.levelname}: "
        facts = "".join(f" {key}={value}" for key, value in told.facts.items())
        # One line each: what is told can't pass for another line.
        line = f"{moment} {level}{told.message}{facts}".replace("\n", "\\n")
        return clean(f"{line}\n{told.exception}" if told.exception else line)


class _Told:
    """What of a record is told: the values in it without secrets, one by one and before anything is put round them.

    The secrets of a task or a call are taken out of what is said of its project, and of nothing else: a caller chooses
    them, and would choose what is said of others. Of our own lines they are taken out of the values in the sentence and
    out of tracebacks only: the sentence itself and the facts are words and names that are nobody's secrets. The
    credentials of the settings are taken out of everything.
    """

    def __init__(self, record: logging.LogRecord) -> None:
        ours = record.name.partition(".")[0] == _OURS
        facts = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        told = [*(record.args or ()), *facts.values()]
        names = {value for value in told if isinstance(value, str) and value.startswith("projects/")}
        self._own = known.about(())
        self._whose = _redactors_for(names, self._own)
        # What somebody else wrote is told, where nobody knows of whom it speaks, without any known secret.
        free = known.all() if self._whose is None else self._whose
        if ours:
            self.message = _through(self._own, self._sentence(record))
            self.facts = {key: _value(self._own, value) for key, value in facts.items()}
        else:
            self.message = _through(free, record.getMessage())
            self.facts = {key: _value(free, value) for key, value in facts.items()}
        self.exception = _through(free, _formatter.formatException(record.exc_info)) if record.exc_info else ""

    def _sentence(self, record: logging.LogRecord) -> str:
        """Return the sentence of a line of our own, with secrets taken out of what is put into it."""
        if not isinstance(record.args, tuple) or not record.args:
            return record.getMessage()
        return str(record.msg) % tuple(map(self._argument, record.args))

    def _argument(self, value: object) -> object:
        if isinstance(value, int | float) or (isinstance(value, str) and value.startswith("projects/")):
            return value
        return _through(self._own if self._whose is None else self._whose, str(value))


def _redactors_for(names: Collection[str], own: list[Redactor]) -> list[Redactor] | None:
    """Return those for what speaks of the tasks and projects `names`, or is told in this context; None for neither."""
    mine = present()
    if names:
        projects = {name.split("/")[1] for name in names}
        return [*known.about(names), *([mine] if mine is not None and mine.project in projects else ())]
    return None if mine is None else [*own, mine]


def _through(redactors: Iterable[Redactor], text: str) -> str:
    for redactor in redactors:
        text = redactor.text(text)
    return text


def _value(redactors: Iterable[Redactor], value: Any) -> Any:
    if isinstance(value, Mapping | list | tuple):
        try:
            plain = json.loads(_encode(value))
        except (TypeError, ValueError):
            return _through(redactors, str(value))
        for redactor in redactors:
            plain = redactor.value(plain)
        return plain
    return value if value is None or isinstance(value, int | float) else _through(redactors, str(value))
