"""Named stores: opening each kind, and a sentence for each way to be configured wrongly."""

from datetime import timedelta

import obstore
import pytest

from wharfinger.runtime.store_options import read
from wharfinger.runtime.store_prices import FREE, LISTED, UNKNOWN, StorePrice
from wharfinger.runtime.stores import open_store, price_of
from wharfinger.runtime.wrong_option import WrongOption
from wharfinger.script import Failed
from wharfinger.testing import Trial


def test_a_script_writes_to_a_store_by_its_name(load, tmp_path):
    script = load(
        """
        import obstore
        async def main(task):
            store = task.store("images")
            await obstore.put_async(store.raw, "a/b.img", b"bytes")
            return {"scheme": store.url_scheme, "limit": store.max_size}
        """
    )
    trial = Trial(script, stores={"images": {"url": f"file://{tmp_path}/new/folder", "max_size": "2 GiB"}})
    assert trial.run().result == {"scheme": "file", "limit": 2 * 1024**3}
    assert (tmp_path / "new/folder/a/b.img").read_bytes() == b"bytes"


def test_a_plain_script_has_the_same_stores(load, tmp_path):
    script = load("import obstore\ndef main(task): obstore.put(task.store('images').raw, 'x', b'y')")
    Trial(script, stores={"images": {"url": f"file://{tmp_path}"}}).run()
    assert (tmp_path / "x").read_bytes() == b"y"


def test_an_unknown_store_is_told_with_those_there_are(load):
    failure = Trial(load("def main(task): task.store('c')"), stores={"b": {}, "a": {}}).run().failure
    assert (failure.code, failure.reason, failure.metadata) == (5, "UNKNOWN_STORE", {"store": "c"})
    assert "there is no store 'c'; configured for this project: a, b" in failure.message


def test_without_stores_that_is_said():
    with pytest.raises(Failed, match="configured for this project: none"):
        open_store("x", {})


def test_memory_stores_are_shared_by_their_names():
    tables = {"m1": {"url": "memory://"}, "m2": {"url": "memory://"}, "m3": {"url": "memory://shared-x"}}
    tables["m4"] = dict(tables["m3"])
    first, second, third, fourth = (open_store(name, tables) for name in tables)
    obstore.put(first.raw, "k", b"1")
    assert obstore.get(open_store("m1", dict(tables)).raw, "k").bytes() == b"1"
    with pytest.raises(FileNotFoundError):
        obstore.get(second.raw, "k")
    assert third.raw is fourth.raw
    assert (third.same_provider(fourth), first.same_provider(second)) == (True, False)


def test_an_opened_store_is_kept():
    tables = {"kept": {"url": "s3://bucket", "region": "x", "skip_signature": True}}
    assert open_store("kept", tables) is open_store("kept", {"kept": dict(tables["kept"])})
    assert open_store("kept", tables) is not open_store("kept", {"kept": {**tables["kept"], "region": "y"}})


def test_two_folders_are_one_provider_and_are_copied_by_it(tmp_path):
    tables = {
        "a": {"url": f"file://{tmp_path}/one", "prefix": "deep/er"},
        "b": {"url": f"file://{tmp_path}/two%20x"},
    }
    a, b = (open_store(name, tables) for name in tables)
    obstore.put(a.raw, "x.img", b"bytes")
    assert a.same_provider(b)
    obstore.copy(a.root, a.key("x.img"), b.key("y.img"))
    assert (tmp_path / "two x/y.img").read_bytes() == b"bytes"
    assert (tmp_path / "one/deep/er/x.img").exists()


S3 = {"region": "x", "access_key_id": "a", "secret_access_key": "b"}
PRICE = {"provider": "s3", "region": "eu-west-1", "sku": "TimedStorage-ByteHrs"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"url": "s3://bucket/a", **S3}, {"url": "s3://bucket/b", **S3}, True),
        ({"url": "s3://bucket", **S3}, {"url": "s3://other", **S3}, False),
        ({"url": "s3://bucket", **S3}, {"url": "s3://bucket", **S3, "endpoint": "https://s3.example"}, False),
        ({"url": "s3://bucket", **S3}, {"url": "s3://bucket", **S3, "access_key_id": "c"}, False),
        ({"url": "s3://bucket", **S3}, {"url": "memory://"}, False),
    ],
)
def test_one_provider_is_one_bucket_at_one_endpoint_with_one_account(one, other, same):
    assert open_store("one", {"one": one}).same_provider(open_store("other", {"other": other})) is same


@pytest.mark.parametrize("table", [{"url": "s3://bucket/a/b", **S3}, {"url": "s3://bucket/a", "prefix": "/b/", **S3}])
def test_a_prefix_is_part_of_the_key_in_the_bucket(table):
    store = open_store("prefixed", {"prefixed": table})
    assert (store.prefix, store.key("x/y"), store.raw.prefix) == ("a/b", "a/b/x/y", "a/b")


@pytest.mark.parametrize(
    "table",
    [
        {"url": "gs://bucket/p", "skip_signature": True},
        {"url": "az://container/p", "account_name": "acc", "account_key": "a2V5"},
        {"url": "s3a://bucket", **S3, "endpoint": "http://127.0.0.1:9", "timeout": "20s", "max_retries": 2},
    ],
)
def test_each_provider_opens_without_being_called(table):
    assert open_store("lazy", {"lazy": table}).url_scheme in ("gs", "az", "s3")


@pytest.mark.parametrize(
    ("table", "price"),
    [
        ({"url": "file:///srv/nothing/there"}, StorePrice(FREE)),
        ({"url": "memory://"}, StorePrice(FREE)),
        ({"url": "s3://bucket", **S3}, StorePrice(UNKNOWN)),
        ({"url": "s3://bucket", "price": "free"}, StorePrice(FREE)),
        ({"url": "s3://bucket", "price": PRICE}, StorePrice(LISTED, "s3", "eu-west-1", "TimedStorage-ByteHrs")),
        ({"url": "gs://bucket", "price": {"provider": "nas", "sku": "disk"}}, StorePrice(LISTED, "nas", "", "disk")),
        ({"url": "file:///srv/nothing/there", "price": PRICE}, StorePrice(LISTED, *PRICE.values())),
    ],
)
def test_a_store_says_how_it_is_billed_without_being_opened(table, price):
    assert price_of("kept", {"kept": table}) == price


def test_how_a_store_is_billed_is_not_told_to_its_client_and_is_no_other_provider():
    tables = {"plain": {"url": "s3://bucket", **S3}, "billed": {"url": "s3://bucket", **S3, "price": PRICE}}
    plain, billed = (open_store(name, tables) for name in tables)
    assert plain.raw.config == billed.raw.config
    assert plain.same_provider(billed)


def test_the_price_of_an_unknown_store_is_told_with_those_there_are():
    with pytest.raises(Failed, match="there is no store 'c'; configured for this project: a") as failed:
        price_of("c", {"a": {"url": "memory://"}})
    assert failed.value.reason == "UNKNOWN_STORE"


@pytest.mark.parametrize(
    ("table", "option", "sentence"),
    [
        ({}, "url", "is missing"),
        ({"url": 5}, "url", "is missing"),
        ({"url": "ftp://x"}, "url", "'ftp' is not known; use file, memory, s3, gs, az or glance"),
        ({"url": "/srv/images"}, "url", "no scheme"),
        ({"url": "file://srv/images"}, "url", "must name a folder by its whole path"),
        ({"url": "file:///"}, "url", "must name a folder by its whole path"),
        ({"url": "s3:///prefix"}, "url", "names no bucket"),
        ({"url": "s3://key:secret@bucket"}, "url", "must have no user"),
        ({"url": "s3://bucket?region=x"}, "url", "must have no user, query or fragment"),
        ({"url": "memory://x/y"}, "url", "a memory store has no folders"),
        ({"url": "memory://", "prefix": "x"}, "prefix", "a memory store takes none"),
        ({"url": "s3://bucket/../x"}, "url", "must not have `.` or `..`"),
        ({"url": "s3://bucket", "prefix": 5}, "prefix", "must be a string"),
        ({"url": "s3://bucket", "regoin": "x"}, "regoin", "is no option of a s3 store; did you mean region?"),
        ({"url": "file:///srv", "region": "x"}, "region", "is no option of a file store"),
        ({"url": "s3://bucket", "region": ["x"]}, "region", "must be a string, a number or a boolean, not list"),
        ({"url": "s3://bucket", "max_retries": -1}, "max_retries", "must be a whole number"),
        ({"url": "s3://bucket", "retry_timeout": "soon"}, "retry_timeout", "must be a time"),
        ({"url": "memory://", "max_size": "big"}, "max_size", "must be bytes, or a size"),
        ({"url": "memory://", "max_size": True}, "max_size", "must be bytes, or a size"),
        ({"url": "s3://bucket", "price": "cheap"}, "price", 'must be "free", or name a price of the catalogue'),
        ({"url": "s3://bucket", "price": 0}, "price", 'must be "free"'),
        ({"url": "s3://bucket", "price": {**PRICE, "regoin": "x"}}, "price.regoin", "no such key; did you mean region"),
        ({"url": "memory://", "price": {"sku": "x"}}, "price.provider", "is missing"),
        ({"url": "memory://", "price": {"provider": "s3"}}, "price.sku", "is missing"),
        ({"url": "memory://", "price": {**PRICE, "sku": 5}}, "price.sku", "must be a string"),
        ({"url": "memory://", "price": {**PRICE, "region": "x" * 201}}, "price.region", "must be a string of at most"),
    ],
)
def test_what_is_wrong_is_told_with_the_option(table, option, sentence):
    with pytest.raises(WrongOption, match="^" + option + ": ") as wrong:
        read(table)
    assert (wrong.value.option, sentence in str(wrong.value)) == (option, True)
    with pytest.raises(Failed) as failed:
        open_store("images", {"images": table})
    assert (failed.value.reason, failed.value.metadata) == (
        "STORE_MISCONFIGURED",
        {"store": "images", "option": option},
    )
    assert str(failed.value).startswith(f"[stores.images] {option}: ")


def test_a_value_that_the_library_refuses_is_told_without_the_others():
    with pytest.raises(Failed) as failed:
        open_store("images", {"images": {"url": "s3://bucket", **S3, "timeout": "soon"}})
    assert failed.value.reason == "STORE_MISCONFIGURED"
    assert "soon" in str(failed.value)
    assert "secret" not in str(failed.value)


def test_a_folder_that_can_not_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Failed) as failed:
        open_store("images", {"images": {"url": f"file://{tmp_path}/file/below"}})
    assert failed.value.reason == "STORE_UNAVAILABLE"
    assert "the folder can't be used" in str(failed.value)


@pytest.mark.parametrize(
    ("text", "size"),
    [(5, 5), ("5", 5), ("5 B", 5), ("5k", 5000), ("1.5 MB", 1_500_000), ("2GiB", 2 * 1024**3), ("1 Ti", 1024**4)],
)
def test_sizes_are_read(text, size):
    assert read({"url": "memory://", "max_size": text}).max_size == size


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("250ms", 0.25), (3, 3), ("1h", 3600)])
def test_times_are_read(text, seconds):
    options = read({"url": "s3://bucket", "retry_timeout": text})
    assert options.retry == {"retry_timeout": timedelta(seconds=seconds)}


def test_plain_http_is_allowed_where_the_endpoint_says_so_only():
    assert read({"url": "s3://b", "endpoint": "http://127.0.0.1:9"}).client["allow_http"] is True
    assert "allow_http" not in read({"url": "s3://b", "endpoint": "https://s3.example"}).client


def test_nothing_secret_is_shown():
    assert "TOPSECRET" not in repr(open_store("s", {"s": {"url": "s3://b", **S3, "secret_access_key": "TOPSECRET"}}))
