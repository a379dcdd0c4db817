"""The data folder, made where there is none yet."""

from __future__ import annotations

from wharfinger_server.config import Settings
from wharfinger_server.store.errors import NotWritable


def make_data_dir(settings: Settings) -> None:
    """Make the data folder, for its owner alone, where the database is in it."""
    if settings.store.url:
        return
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        said = f"the data folder {settings.data_dir} can't be made: {error.strerror}"
        raise NotWritable(f"{said}; name another with --data-dir or WHARFINGER_DATA_DIR") from None
