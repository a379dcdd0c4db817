"""The program that serves OpenStack's image service; it runs in that service's own environment."""

import sys

import waitress
from sqlalchemy import event
from sqlalchemy.engine import Engine

# SQLite with threads: a write-ahead log, patience with locks, and no transaction that begins by reading and is then
# to write, which nobody could wait for.


@event.listens_for(Engine, "connect")
def prepare(connection, _record):
    """Set a new connection up."""
    for pragma in ("journal_mode=WAL", "busy_timeout=60000", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "before_cursor_execute", retval=True)
def begin(_connection, _cursor, statement, parameters, _context, _many):
    """Take the lock at once."""
    return ("BEGIN IMMEDIATE" if statement == "BEGIN" else statement), parameters


if __name__ == "__main__":
    from glance.wsgi.api import application

    waitress.serve(application, listen=sys.argv[1], threads=16, max_request_body_size=1 << 40)
