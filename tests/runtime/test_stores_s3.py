"""A store on an S3-compatible server, over the wire."""

import boto3
import obstore
import pytest
from moto.server import ThreadedMotoServer

from wharfinger.runtime.stores import open_store


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def table(endpoint):
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_bucket(Bucket="images")
    return {
        "url": "s3://images/ours",
        "endpoint": endpoint,
        "region": "us-east-1",
        "access_key_id": "a",
        "secret_access_key": "b",
    }


def test_objects_are_written_below_the_prefix_and_copied_by_the_provider(table):
    one = open_store("one", {"one": table})
    other = open_store("other", {"other": {**table, "prefix": "theirs"}})
    obstore.put(one.raw, "a.img", b"bytes")
    assert one.same_provider(other)
    obstore.copy(one.root, one.key("a.img"), other.key("b.img"))
    assert obstore.get(other.raw, "b.img").bytes() == b"bytes"
    assert sorted(entry["path"] for page in obstore.list(one.root) for entry in page) == [
        "ours/a.img",
        "ours/theirs/b.img",
    ]
