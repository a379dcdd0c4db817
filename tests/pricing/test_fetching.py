"""Fetching prices by HTTP: what changed only, no more than is allowed, and never from inside."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time

import pytest
from tests.pricing.conftest import OpenPricing
from tests.pricing.making import Signer, many
from tests.servers.sources import Reply, Sources, redirect

from wharfinger_server.domain.errors import InvalidArgument, OutOfRange, PermissionDenied, Refused, Unavailable
from wharfinger_server.pricing import Catalog, ImportProgress, ImportRequest, Pricing


async def _open(open_pricing: OpenPricing, web: Sources, **prices: object) -> Pricing:
    return await open_pricing(**{"allow_sources": [web.address], "update_every": "0s"} | prices)


async def _fetch(pricing: Pricing, url: str = "", **more: object) -> Catalog:
    return await pricing.import_url(ImportRequest(url=url, activate=True, actor="ann", **more))  # type: ignore[arg-type]


async def _asked(web: Sources) -> None:
    """Wait for a request."""
    while not web.requests:  # noqa: ASYNC110 - it comes in another thread
        await asyncio.sleep(0.01)


pytestmark = [pytest.mark.usefixtures("without_bundled"), pytest.mark.lengthy]


async def test_an_update_with_a_checksum_beside_it_is_taken(open_pricing: OpenPricing, web: Sources) -> None:
    data = many(5)
    url = web.serve("/prices.jsonl", Reply(data))
    digest = hashlib.sha256(data).hexdigest()
    web.serve("/prices.jsonl.sha256", Reply(f"{digest}  prices.jsonl\n".encode()))
    pricing = await _open(open_pricing, web, url=url)
    found = await _fetch(pricing)
    assert (found.active, found.price_count, found.origin, found.etag) == (True, 5, url, '"one"')
    assert pricing.default_url() == url


async def test_an_update_without_any_checksum_is_taken(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(many(5)))
    assert (await _fetch(await _open(open_pricing, web, url=url))).active
    assert [seen.path for seen in web.requests] == [
        "/prices.jsonl.sha256",
        "/prices.jsonl.sha512",
        "/prices.jsonl",
    ]


async def test_a_sha512_beside_it_does_too(open_pricing: OpenPricing, web: Sources) -> None:
    data = many(5)
    url = web.serve("/prices.jsonl", Reply(data))
    web.serve("/prices.jsonl.sha512", Reply(hashlib.sha512(data).hexdigest().encode()))
    pricing = await _open(open_pricing, web, url=url)
    assert (await _fetch(pricing)).active
    web.serve("/prices.jsonl.sha512", Reply(hashlib.sha512(b"other").hexdigest().encode()))
    web.serve("/prices.jsonl", Reply(many(6), etag='"two"'))
    with pytest.raises(InvalidArgument) as refused:
        await _fetch(pricing, force=True)
    assert refused.value.reason == "PRICES_CHECKSUM"


async def test_a_wrong_checksum_beside_it_is_refused_and_what_was_active_stays(
    open_pricing: OpenPricing, web: Sources
) -> None:
    url = web.serve("/prices.jsonl", Reply(many(5)))
    pricing = await _open(open_pricing, web, url=url)
    first = await _fetch(pricing)
    web.serve("/prices.jsonl", Reply(many(6), etag='"two"'))
    web.serve("/prices.jsonl.sha256", Reply(b"0" * 64))
    with pytest.raises(InvalidArgument) as refused:
        await _fetch(pricing)
    assert refused.value.reason == "PRICES_CHECKSUM"
    assert (await pricing.catalog("active")).digest == first.digest


async def test_a_checksum_file_without_a_checksum_is_told(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(many(5)))
    web.serve("/prices.jsonl.sha256", Reply(b"<html>sorry</html>"))
    with pytest.raises(Unavailable, match="there is no sha256 in it"):
        await _fetch(await _open(open_pricing, web, url=url))


async def test_a_signature_beside_it_is_checked_where_keys_are_trusted(open_pricing: OpenPricing, web: Sources) -> None:
    signer, data = Signer(), many(5)
    url = web.serve("/prices.jsonl", Reply(data))
    pricing = await _open(open_pricing, web, url=url, trusted_keys={"ops": signer.public}, require_signature=True)
    with pytest.raises(PermissionDenied):
        await _fetch(pricing)
    web.serve("/prices.jsonl.minisig", Reply(signer.sign(data)))
    assert (await _fetch(pricing)).signed_by == "ops"


async def test_what_is_unchanged_is_not_fetched_again(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(many(5)), Reply(status=304))
    pricing = await _open(open_pricing, web)
    first = await _fetch(pricing, url)
    again = await _fetch(pricing, url)
    assert again.digest == first.digest
    assert again.check_time > first.check_time
    assert web.requests[-1].headers["If-None-Match"] == '"one"'


async def test_an_unchanged_catalogue_whose_file_is_gone_is_fetched_whole(
    open_pricing: OpenPricing, web: Sources
) -> None:
    url = web.serve("/prices.jsonl", Reply(many(5)))
    pricing = await _open(open_pricing, web)
    first = await _fetch(pricing, url)
    pricing.path_of(first.digest).unlink()
    await _fetch(pricing, url)
    assert "If-None-Match" not in web.requests[-1].headers
    assert pricing.path_of(first.digest).exists()


async def test_it_is_asked_at_most_once_in_the_time_set_unless_forced(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(many(5)))
    pricing = await _open(open_pricing, web, update_every="1d")
    first = await _fetch(pricing, url)
    asked = len(web.requests)
    assert (await _fetch(pricing, url)).digest == first.digest
    assert len(web.requests) == asked
    await _fetch(pricing, url, force=True)
    assert len(web.requests) == asked + 1


async def test_a_pin_that_the_known_data_does_not_have_means_ask(open_pricing: OpenPricing, web: Sources) -> None:
    """A wrong one is refused, however fresh the data is; the right one needs no asking."""
    data = many(5)
    url = web.serve("/prices.jsonl", Reply(data))
    pricing = await _open(open_pricing, web, update_every="1d")
    first = await _fetch(pricing, url)
    asked = len(web.requests)
    assert (await _fetch(pricing, url, sha256=hashlib.sha256(data).hexdigest())).digest == first.digest
    assert len(web.requests) == asked
    with pytest.raises(InvalidArgument) as refused:
        await _fetch(pricing, url, sha256="0" * 64)
    assert refused.value.reason == "PRICES_CHECKSUM"
    assert len(web.requests) > asked
    assert (await pricing.catalog("active")).digest == first.digest


async def test_a_signature_that_is_given_means_ask(open_pricing: OpenPricing, web: Sources) -> None:
    """What it signs is not known of data that came without it."""
    signer, data = Signer(), many(5)
    url = web.serve("/prices.jsonl", Reply(data))
    pricing = await _open(open_pricing, web, update_every="1d", trusted_keys={"ops": signer.public})
    assert not (await _fetch(pricing, url)).signed_by
    asked = len(web.requests)
    with pytest.raises(PermissionDenied) as refused:
        await _fetch(pricing, url, signature=signer.sign(many(6)))
    assert refused.value.reason == "PRICES_SIGNATURE"
    assert (await _fetch(pricing, url, signature=signer.sign(data))).signed_by == "ops"
    assert len(web.requests) == asked + 2


async def test_a_checksum_that_can_not_be_had_tells_the_data_s_address_and_the_way_by_hand(
    open_pricing: OpenPricing, web: Sources
) -> None:
    """And that the prices in force stay."""
    url = web.serve("/prices.jsonl", Reply(many(5)))
    pricing = await _open(open_pricing, web, url=url)
    first = await _fetch(pricing)
    web.serve("/prices.jsonl.sha256", Reply(status=503))
    with pytest.raises(Unavailable) as refused:
        await _fetch(pricing, force=True)
    for told in (f"{url}.sha256", f"{url} itself was not asked for", "prices in force stay", "prices import FILE"):
        assert told in refused.value.message
    assert (await pricing.catalog("active")).digest == first.digest


async def test_urls_that_differ_in_their_query_are_different_and_no_query_is_told(
    open_pricing: OpenPricing, web: Sources
) -> None:
    url = web.serve("/prices.jsonl", Reply(many(5)), Reply(many(6)))
    pricing = await _open(open_pricing, web, update_every="1d")
    first, second = await _fetch(pricing, f"{url}?key=hunter2"), await _fetch(pricing, f"{url}?key=hunter3")
    assert (first.price_count, second.price_count) == (5, 6)
    assert "If-None-Match" not in web.requests[-1].headers
    assert first.origin != second.origin
    assert "hunter" not in first.origin + second.origin


async def test_what_was_fetched_is_made_active_later_without_fetching(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(many(5)))
    pricing = await _open(open_pricing, web, update_every="1d")
    await pricing.import_url(ImportRequest(url=url))
    assert (await _fetch(pricing, url)).active
    assert len(web.requests) == 1


async def test_progress_tells_how_many_bytes_of_how_many_came(open_pricing: OpenPricing, web: Sources) -> None:
    data = many(3000)
    url = web.serve("/prices.jsonl", Reply(data, rate=len(data)))
    told: list[ImportProgress] = []
    pricing = await _open(open_pricing, web)
    await pricing.import_url(ImportRequest(url=url), told.append)
    fetched = [progress for progress in told if progress.step == "fetch"]
    assert len(fetched) > 2
    assert {progress.total for progress in fetched} == {len(data)}
    assert [progress.done for progress in fetched] == sorted(progress.done for progress in fetched)


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/p.json",
        "http://localhost/p.json",
        "http://[::1]/p.json",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/",
        "file:///etc/passwd",
        "ftp://example.com/p.json",
        "http://user:hunter2@example.com/p.json",
        "http://exa mple.com/",
        "nonsense",
    ],
)
async def test_a_url_that_leads_inward_or_is_none_is_refused(pricing: Pricing, url: str) -> None:
    with pytest.raises(PermissionDenied) as refused:
        await _fetch(pricing, url)
    assert refused.value.reason == "PRICES_URL_REFUSED"
    assert "hunter2" not in f"{refused.value.message}{refused.value.metadata}"


async def test_a_redirect_that_leads_inward_is_refused(open_pricing: OpenPricing, web: Sources) -> None:
    with Sources() as inside:
        secret = inside.serve("/secret", Reply(many(5)))
        url = web.serve("/prices.jsonl", redirect(secret))
        pricing = await _open(open_pricing, web)
        with pytest.raises(PermissionDenied, match="not public") as refused:
            await _fetch(pricing, url)
        assert refused.value.reason == "PRICES_URL_REFUSED"
        assert inside.requests == []


async def test_a_redirect_to_an_allowed_place_is_followed(open_pricing: OpenPricing, web: Sources) -> None:
    web.serve("/there", Reply(many(5)))
    url = web.serve("/prices.jsonl", redirect("/there", 307))
    assert (await _fetch(await _open(open_pricing, web), url)).price_count == 5


async def test_redirects_without_end_are_given_up(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", redirect("/prices.jsonl"))
    with pytest.raises(Unavailable, match="redirects more than"):
        await _fetch(await _open(open_pricing, web), url)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(many(10), endless=True, chunked=True),
        Reply(silent=True),
        Reply(trickle=True),
        Reply(many(9), hang_after=9),
    ],
    ids=["endless", "silent", "trickling", "hanging"],
)
async def test_an_answer_that_never_ends_is_given_up(open_pricing: OpenPricing, web: Sources, reply: Reply) -> None:
    url = web.serve("/prices.jsonl", reply)
    pricing = await _open(open_pricing, web, fetch_timeout="700ms")
    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"not there within 0\.7 s"):
        await _fetch(pricing, url)
    assert time.monotonic() - began < 5
    assert list((pricing.folder / "work").iterdir()) == []


async def test_an_answer_without_end_is_cut_off_at_the_largest_size(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(many(10), endless=True, chunked=True))
    with pytest.raises(OutOfRange) as refused:
        await _fetch(await _open(open_pricing, web, max_bytes="1MiB"), url)
    assert refused.value.reason == "PRICES_TOO_LARGE"


async def test_an_answer_that_says_it_is_too_long_is_not_even_begun(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(many(10), claimed=1 << 40))
    with pytest.raises(OutOfRange):
        await _fetch(await _open(open_pricing, web), url)


async def test_an_answer_that_ends_early_is_told(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(many(10), cut_after=100))
    with pytest.raises(Unavailable) as refused:
        await _fetch(await _open(open_pricing, web), url)
    assert refused.value.reason == "PRICES_UNREACHABLE"


async def test_an_answer_of_no_known_length_needs_a_checksum(open_pricing: OpenPricing, web: Sources) -> None:
    data = many(10)
    url = web.serve("/prices.jsonl", Reply(data, unframed=True))
    pricing = await _open(open_pricing, web)
    with pytest.raises(Unavailable, match="does not say how long it is"):
        await _fetch(pricing, url)
    assert (await _fetch(pricing, url, sha256=hashlib.sha256(data).hexdigest())).price_count == 10


@pytest.mark.parametrize("status", [403, 404, 500, 503])
async def test_an_answer_that_is_none_is_told_with_its_status(
    open_pricing: OpenPricing, web: Sources, status: int
) -> None:
    url = web.serve("/prices.jsonl", Reply(b"sorry", status=status))
    with pytest.raises(Unavailable) as refused:
        await _fetch(await _open(open_pricing, web), f"{url}?secret=1")
    assert refused.value.metadata["status"] == str(status)
    assert refused.value.metadata["url"] == url


async def test_a_server_that_does_not_answer_at_all_is_told(open_pricing: OpenPricing, web: Sources) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    pricing = await open_pricing(allow_sources=[address])
    with pytest.raises(Unavailable, match="refused"):
        await _fetch(pricing, f"http://{address}/p.json")


async def test_a_fetch_whose_caller_goes_ends_at_once(open_pricing: OpenPricing, web: Sources) -> None:
    url = web.serve("/prices.jsonl", Reply(silent=True))
    pricing = await _open(open_pricing, web)
    job = asyncio.create_task(_fetch(pricing, url))
    await _asked(web)
    job.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert time.monotonic() - began < 2
    assert list((pricing.folder / "work").iterdir()) == []


async def test_two_updates_at_once_one_is_told_to_wait(open_pricing: OpenPricing, web: Sources) -> None:
    data = many(50)
    url = web.serve("/prices.jsonl", Reply(data, rate=len(data)))
    pricing = await _open(open_pricing, web)
    first = asyncio.create_task(_fetch(pricing, url))
    await _asked(web)
    with pytest.raises(Refused) as refused:
        await _fetch(pricing, url)
    assert refused.value.reason == "PRICES_BUSY"
    assert (await first).active
