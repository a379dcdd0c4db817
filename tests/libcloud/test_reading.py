"""What requests and answers of many clouds' shapes say, and what is kept of them."""

import inspect
import json

import pytest
from libcloud.compute.base import Node
from libcloud.compute.providers import get_driver

from wharfinger_libcloud.markings import MARKINGS, NAME_ONLY, marking
from wharfinger_libcloud.readers import read_answer
from wharfinger_libcloud.reading import Made, read_request
from wharfinger_libcloud.redaction import redacted

OPERATION = {
    "kind": "compute#operation",
    "id": "77",
    "operationType": "insert",
    "targetId": "4711",
    "targetLink": "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/web-1",
}


@pytest.mark.parametrize(
    ("method", "url", "body", "answer", "made"),
    [
        ("POST", "/v2.1/servers", '{"server": {"name": "a"}}', '{"server": {"id": "1"}}', Made("node", "1", "a")),
        ("POST", "/v2/droplets", '{"name": "a"}', '{"droplet": {"id": 5}, "links": {}}', Made("node", "5", "a")),
        ("POST", "/projects/p/zones/z/instances", '{"name": "web-1"}', OPERATION, Made("node", "4711", "web-1")),
        (
            "GET",
            "/?command=deployVirtualMachine&name=a",
            None,
            '{"r": {"id": "x", "jobid": "j"}}',
            Made("node", "x", "a"),
        ),
        ("POST", "/v2/volumes", '{"name": "d"}', '{"volume": {"id": "v", "name": "d"}}', Made("volume", "v", "d")),
        ("POST", "/v4/networking/ips", "{}", '{"id": "ip1"}', Made("address", "ip1")),
    ],
)
def test_what_was_made_is_read_from_many_shapes(method: str, url: str, body: str, answer: object, made: Made) -> None:
    asked = read_request(method, url, body)
    assert asked.changes
    assert read_answer(asked, answer if isinstance(answer, str) else json.dumps(answer)) == [made]


def test_all_of_a_group_are_read() -> None:
    asked = read_request("POST", "/droplets", '{"names": ["a", "b"]}')
    answer = '{"droplets": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]}'
    assert read_answer(asked, answer) == [Made("node", "1", "a"), Made("node", "2", "b")]
    assert asked.names == ("a", "b")


def test_a_link_names_what_an_empty_answer_does_not() -> None:
    assert read_answer(read_request("POST", "/servers", "{}"), "", "http://h/servers/9") == [Made("node", "9")]


@pytest.mark.parametrize(
    ("method", "url", "changes"),
    [
        ("GET", "/?Action=DescribeInstances", False),
        ("GET", "/?Action=RunInstances", True),
        ("POST", "/?Action=DescribeInstances", False),
        ("POST", "/v3/auth/tokens", False),
        ("GET", "/servers", False),
        ("DELETE", "/servers/1", True),
    ],
)
def test_a_change_is_told_from_a_read(method: str, url: str, changes: bool) -> None:
    assert read_request(method, url, None).changes is changes


def test_secrets_are_taken_out_of_bodies() -> None:
    assert "hunter2" not in redacted('{"server": {"adminPass": "hunter2", "metadata": {"secret": "hunter2"}}}')
    assert "hunter2" not in redacted("Action=Run&UserData=hunter2&X-Amz-Signature=hunter2&ClientToken=t1")
    assert "ClientToken=t1" in redacted("Action=Run&UserData=hunter2&ClientToken=t1")
    assert "hunter2" not in redacted("<a><password>hunter2</password><id>1</id></a>")
    assert "<id>1</id>" in redacted("<a><password>hunter2</password><id>1</id></a>")
    assert "hunter2" not in redacted("hunter2 in the open")


@pytest.mark.parametrize("provider", sorted(MARKINGS))
def test_the_table_names_arguments_that_the_driver_takes(provider: str) -> None:
    driver = get_driver(provider)
    if provider in ("digitalocean", "openstack", "linode", "vultr"):  # classes that choose another by API version
        module = inspect.getmodule(driver)
        newest = {
            "digitalocean": "DigitalOcean_v2_NodeDriver",
            "openstack": "OpenStack_2_NodeDriver",
            "linode": "LinodeNodeDriverV4",
            "vultr": "VultrNodeDriverV2",
        }
        driver = getattr(module, newest[provider])
    takes = inspect.signature(driver.create_node).parameters
    assert set(marking(provider).options("t")) <= set(takes)


@pytest.mark.parametrize("provider", sorted(MARKINGS))
def test_a_mark_is_read_back_from_where_the_driver_puts_it(provider: str) -> None:
    marks = marking(provider)
    if not marks.tags:
        return
    given = marks.options("wf1")[marks.tags]
    shown = given["tags"] if marks.form == "attr" else given
    assert marks.carried(Node("1", "a", 0, [], [], None, extra={marks.read: shown})) == "wf1"
    assert marks.carried(Node("1", "a", 0, [], [], None, extra={marks.read: None})) == ""


def test_an_unknown_provider_has_its_names_only() -> None:
    assert marking("nobody") is NAME_ONLY
    assert not NAME_ONLY.idempotent
    assert NAME_ONLY.options("t") == {}


def test_of_a_requests_fields_only_names_token_and_ids_are_kept() -> None:
    url = "/?Action=TerminateInstances&InstanceId.1=i-1&AWSAccessKeyId=canary&UserData=canary&Signature=canary"
    asked = read_request("GET", url, None)
    assert asked.ids == ("i-1",)
    assert "canary" not in repr(asked)


def test_an_xml_rpc_method_is_about_the_words_before_its_verb() -> None:
    body = "<methodCall><methodName>domain.zone.record.add</methodName></methodCall>"
    asked = read_request("POST", "/xmlrpc/", body)
    assert (asked.action, asked.kind) == ("add", "record")
    assert not read_request("POST", "/xmlrpc/", body.replace("record.add", "record.list")).changes


@pytest.mark.parametrize("method", ["DELETE /v2/droplets/1", "POST /v1/server/destroy", "GET /?Action=DeleteVolume"])
def test_a_removal_makes_nothing(method: str) -> None:
    verb, _, url = method.partition(" ")
    asked = read_request(verb, url, None)
    assert asked.removes
    assert read_answer(asked, '{"id": 1}') == []
