"""What the writer's session asks of PostgreSQL, over TCP."""

import pytest
import sqlalchemy as sa
from tests.campaigns.chaos.seabed import Seabed

from wharfinger_server.store.databases.postgres import PostgresDatabase

pytestmark = pytest.mark.processes


def test_the_database_itself_soon_finds_out_that_the_server_has_vanished():
    """Its lock is held for as long as its session is: two hours, by the database's own settings."""
    with Seabed() as seabed:
        database = PostgresDatabase(sa.make_url(seabed.url).set(drivername="postgresql+psycopg"))
        try:
            database.open()
            session = database._connection
            names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
            told = [session.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
        finally:
            database.close()
    assert told == ["10", "5", "3", "20000"]
