"""The server's log on standard error: one JSON object a line, or plain lines where a person looks on.

Facts beside the sentence travel as `extra=`: the name of a task, a reason, an incident. Params never do; where a
library, or a script's own logging, tells a secret all the same, a mark stands in its place.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

from wharfinger.runtime.redaction import Redactor, known
from wharfinger_server.config import Settings, secret_values

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Made once: json.dumps would make it anew for every line.
_encode = json.JSONEncoder(default=str, ensure_ascii=False).encode


def set_up(settings: Settings) -> None:
    """Send every log line to standard error, in the form and from the level that the settings ask for."""
    tables = (settings.profiles, settings.stores, settings.executors, settings.prices, settings.packages)
    known.keep(Redactor([*secret_values(tables), *secret_values(settings.store.url)]))
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


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _moment(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the facts, and the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        # Before it is encoded: a message may hold JSON already, and a secret escaped twice is not found.
        told = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": known.text(record.getMessage()),
            **_facts(record),
        }
        if record.exc_info:
            told["exception"] = known.text(self.formatException(record.exc_info))
        return known.text(_encode(told))


class PlainLines(logging.Formatter):
    """Lines for people: time, level where it matters, message, facts as key=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line, with the traceback of an exception below it."""
        moment = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = "" if record.levelno <= logging.INFO else f"{record.levelname}: "
        facts = "".join(f" {key}={value}" for key, value in _facts(record).items())
        line = f"{moment} {level}{record.getMessage()}{facts}"
        return known.text(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)
