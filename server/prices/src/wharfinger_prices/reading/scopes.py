"""The names of sources: what data is of, so that two answers that belong side by side have two names.

A name is a format's or a provider's, perhaps with a service, and after a colon the only region that the data has:
`libcloud`, `aws_ec2`, `azure:eastus`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from wharfinger_prices.reading.texts import slug

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_MAKERS = re.compile("^(amazon|aws)-?", re.IGNORECASE)


def source_name(maker: str, service: str = "", regions: Collection[str] = ()) -> str:
    """Return the name of a source: of a maker, perhaps of one service of it, and of one region where it has only one.

    What makes no name, such as a region in a foreign script, is left out.
    """
    name = f"{maker}_{slug(_MAKERS.sub('', service))}" if service else maker
    named = [region for region in regions if region]
    (region,) = named if len(named) == 1 else ("",)
    scoped = f"{name}:{region}"
    return scoped if region and NAME.fullmatch(scoped) else name if NAME.fullmatch(name) else maker
