"""Who may call: tokens, certificates, projects."""

import hashlib
import ipaddress
import time
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.rpc.test_reflection import Stranger
from tests.rpc.wire import connected, create_request, refused
from tests.servers.serving import NotServing

from wharfinger.v1 import executor_service_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes


def bearer(token):
    return (("authorization", f"Bearer {token}"),)


def write_config(folder, text):
    path = folder / "server.toml"
    path.write_text(text)
    path.chmod(0o600)
    return ("--config", str(path))


def tokens_table(**tokens):
    lines = []
    for creator, (token, projects) in tokens.items():
        digest = hashlib.sha256(token.encode()).hexdigest()
        lines.append(f'[[tokens]]\nsha256 = "{digest}"\ncreator = "{creator}"\nprojects = {projects}\n')
    return "".join(lines)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server that wants tokens: `ann` may use project a, `bob` project b, `root` all."""
    from tests.servers.serving import Serving

    folder = tmp_path_factory.mktemp("guarded")
    table = tokens_table(ann=("ann-token", '["a"]'), bob=("bob-token", '["b"]'), root=("root-token", '"*"'))
    serving = Serving(folder, write_config(folder, table))
    with connected(serving.address) as stubs:
        yield stubs
    assert serving.stop() == 0, serving.log()
    assert "ann-token" not in serving.log()


@pytest.mark.parametrize(
    "metadata",
    [None, bearer("wrong"), bearer(""), (("authorization", "Basic ann-token"),), (("authorization", "ann-token"),)],
)
def test_a_call_without_a_known_token_is_refused(guarded, metadata):
    told = refused(guarded.executors.ListExecutors, executor_service_pb2.ListExecutorsRequest(), metadata=metadata)
    assert (told.code, told.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    told = refused(guarded.tasks.WatchTasks, v1.WatchTasksRequest(parent="projects/a"), metadata=metadata)
    assert (told.code, told.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")


def test_who_is_not_known_learns_nothing_about_requests(guarded):
    assert refused(guarded.tasks.GetTask, v1.GetTaskRequest()).reason == "UNAUTHENTICATED"


def test_the_token_says_who_created_a_task(guarded):
    assert guarded.create("a", "harbour.noop", metadata=bearer("ann-token")).creator == "ann"
    assert guarded.create("a", "harbour.noop", metadata=(("authorization", "bearer root-token"),)).creator == "root"


def test_a_task_of_a_foreign_project_answers_exactly_as_one_that_does_not_exist(guarded):
    name = guarded.create("a", "harbour.noop", metadata=bearer("ann-token")).name
    ghost = "projects/a/tasks/nobody-made-this"
    calls = [
        (guarded.tasks.GetTask, v1.GetTaskRequest),
        (guarded.tasks.WaitTask, v1.WaitTaskRequest),
        (guarded.tasks.WatchTask, v1.WatchTaskRequest),
        (guarded.tasks.ListTaskEvents, v1.ListTaskEventsRequest),
        (guarded.tasks.ListLedgerEntries, v1.ListLedgerEntriesRequest),
        (guarded.tasks.CancelTask, v1.CancelTaskRequest),
        (guarded.tasks.DeleteTask, v1.DeleteTaskRequest),
    ]
    for method, kind in calls:
        field = "name" if "name" in kind.DESCRIPTOR.fields_by_name else "parent"
        foreign = refused(method, kind(**{field: name}), metadata=bearer("bob-token"), timeout=10)
        missing = refused(method, kind(**{field: ghost}), metadata=bearer("bob-token"), timeout=10)
        own = refused(method, kind(**{field: ghost}), metadata=bearer("ann-token"), timeout=10)
        for answer, of in ((foreign, name), (missing, ghost), (own, ghost)):
            assert (answer.code, answer.reason) == (grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")
            assert answer.metadata == {"task": of}
        assert foreign.message.replace(name, "X") == missing.message.replace(ghost, "X")


def test_a_foreign_project_is_refused_alike_whether_it_has_tasks_or_not(guarded):
    guarded.create("a", "harbour.noop", metadata=bearer("ann-token"))
    answers = []
    for project in ("a", "never-used"):
        request = create_request(project, "harbour.noop")
        batch = v1.BatchCreateTasksRequest(parent=request.parent, requests=[request])
        for method, message in (
            (guarded.tasks.CreateTask, request),
            (guarded.tasks.BatchCreateTasks, batch),
            (guarded.tasks.ListTasks, v1.ListTasksRequest(parent=request.parent)),
            (guarded.tasks.WatchTasks, v1.WatchTasksRequest(parent=request.parent)),
        ):
            told = refused(method, message, metadata=bearer("bob-token"), timeout=10)
            answers.append((project, told.code, told.reason, told.message.replace(f"project {project}", "X")))
    seen = {project: [answer[1:] for answer in answers if answer[0] == project] for project in ("a", "never-used")}
    assert seen["a"] == seen["never-used"]
    assert {answer[0] for answer in seen["a"]} == {grpc.StatusCode.PERMISSION_DENIED}


def test_who_does_not_open_all_projects_learns_nothing_of_how_much_others_run(guarded):
    root, ann, bob = bearer("root-token"), bearer("ann-token"), bearer("bob-token")
    steps = {"steps": 1000, "pause": 0.05}
    name = guarded.create("b", "harbour.count", params=steps, metadata=bob).name
    request = executor_service_pb2.GetExecutorRequest(name="executors/asyncio")
    deadline = time.monotonic() + 10
    while not guarded.executors.GetExecutor(request, metadata=root).running:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    listed = guarded.executors.ListExecutors(executor_service_pb2.ListExecutorsRequest(), metadata=ann).executors
    for shown in (guarded.executors.GetExecutor(request, metadata=ann), *listed):
        assert (shown.running, shown.queued) == (0, 0)
        assert not any(worker.host or worker.running for worker in shown.workers)
    listed = guarded.executors.ListExecutors(executor_service_pb2.ListExecutorsRequest(), metadata=root).executors
    assert any(shown.running for shown in listed)
    guarded.tasks.CancelTask(v1.CancelTaskRequest(name=name), metadata=bob)


def test_health_is_open_to_all_but_reflection_and_channelz_are_not(guarded):
    stub = health_pb2_grpc.HealthStub(guarded.channel)
    assert stub.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        Stranger(guarded.channel).services()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    told = refused(guarded.channel.unary_unary("/grpc.channelz.v1.Channelz/GetServers"), b"")
    assert told.code is grpc.StatusCode.UNAUTHENTICATED
    known = guarded.channel.unary_unary("/grpc.channelz.v1.Channelz/GetServers")
    assert known(b"", metadata=bearer("root-token"))


# ---------------------------------------------------------------------- TLS


BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(self.key.public_key(), "test authority", authority=True)

    def _sign(self, public_key, name, *, authority=False, usages=BOTH, beside=()):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = subject if authority else self.certificate.subject
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
            .not_valid_after(datetime.now(UTC) + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            names = x509.SubjectAlternativeName(
                [
                    x509.DNSName(name if name.isascii() else "strange.test"),
                    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                    *beside,
                ]
            )
            builder = builder.add_extension(names, critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name, **more):
        """Return key and certificate as PEM; `usages` are what it is for, `beside` further names."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private, self._sign(key.public_key(), name, **more).public_bytes(serialization.Encoding.PEM)


def write_pair(folder, pair):
    (folder / "key.pem").write_bytes(pair[0])
    (folder / "cert.pem").write_bytes(pair[1])


def test_tls_hides_calls_and_a_renewed_certificate_is_taken_up(serve, tmp_path):
    authority = Authority()
    write_pair(tmp_path, authority.issue("first.test"))
    serving = serve(*write_config(tmp_path, '[tls]\ncert = "cert.pem"\nkey = "key.pem"\n'))
    with connected(serving.address, grpc.ssl_channel_credentials(authority.pem)) as stubs:
        assert stubs.executors.ListExecutors(executor_service_pb2.ListExecutorsRequest(), timeout=10).executors
    with connected(serving.address) as plain:
        told = refused(plain.executors.ListExecutors, executor_service_pb2.ListExecutorsRequest(), timeout=5)
        assert told.code is grpc.StatusCode.UNAVAILABLE
    renewed = Authority()
    write_pair(tmp_path, renewed.issue("second.test"))
    with connected(serving.address, grpc.ssl_channel_credentials(renewed.pem)) as stubs:
        assert stubs.executors.ListExecutors(executor_service_pb2.ListExecutorsRequest(), timeout=10).executors
    (tmp_path / "cert.pem").unlink()
    with connected(serving.address, grpc.ssl_channel_credentials(renewed.pem)) as stubs:
        assert stubs.executors.ListExecutors(executor_service_pb2.ListExecutorsRequest(), timeout=10).executors
    assert serving.stop() == 0
    assert "could not be read again" in serving.log()


def test_a_client_certificate_says_who_calls_and_none_is_no_connection(serve, tmp_path):
    authority = Authority()
    write_pair(tmp_path, authority.issue("server.test"))
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    config = '[tls]\ncert = "cert.pem"\nkey = "key.pem"\nclient_ca = "ca.pem"\n'
    serving = serve(*write_config(tmp_path, config))
    key, certificate = authority.issue("carol")
    known = grpc.ssl_channel_credentials(authority.pem, key, certificate)
    with connected(serving.address, known) as stubs:
        task = stubs.create("default", "harbour.noop")
        assert task.creator == "carol"
        assert stubs.wait(task.name).state == task_pb2.TASK_STATE_SUCCEEDED
    with connected(serving.address, grpc.ssl_channel_credentials(authority.pem)) as stubs:
        told = refused(stubs.executors.ListExecutors, executor_service_pb2.ListExecutorsRequest(), timeout=5)
        assert told.code is grpc.StatusCode.UNAVAILABLE
    for name in (" ", "car\x07ol", "\u202elorac", "carol\n"):
        strange = grpc.ssl_channel_credentials(authority.pem, *authority.issue(name))
        with connected(serving.address, strange) as stubs:
            told = refused(stubs.executors.ListExecutors, executor_service_pb2.ListExecutorsRequest(), timeout=10)
            assert (told.code, told.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")


@pytest.fixture(scope="module")
def doubly_guarded(tmp_path_factory):
    """A server that wants a certificate of everybody, and tokens: yields a channel with a certificate of `carol`."""
    from tests.servers.serving import Serving

    folder = tmp_path_factory.mktemp("doubly-guarded")
    authority = Authority()
    write_pair(folder, authority.issue("server.test"))
    (folder / "ca.pem").write_bytes(authority.pem)
    tls = '[tls]\ncert = "cert.pem"\nkey = "key.pem"\nclient_ca = "ca.pem"\n'
    table = tokens_table(ann=("ann-token", '["a"]'), root=("root-token", '"*"'))
    serving = Serving(folder, write_config(folder, tls + table))
    with connected(serving.address, grpc.ssl_channel_credentials(authority.pem, *authority.issue("carol"))) as stubs:
        yield stubs
    assert serving.stop() == 0, serving.log()


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        bearer(""),
        bearer(" "),
        bearer("wrong"),
        (("authorization", "Basic root-token"),),
        (("authorization", "root-token"),),
        (("authorization", ""),),
    ],
)
def test_a_certificate_does_not_stand_in_for_a_token(doubly_guarded, metadata):
    name = doubly_guarded.create("b", "harbour.noop", metadata=bearer("root-token")).name
    calls = [
        (doubly_guarded.tasks.GetTask, v1.GetTaskRequest(name=name)),
        (doubly_guarded.tasks.DeleteTask, v1.DeleteTaskRequest(name=name, etag="none")),
        (doubly_guarded.tasks.ListTasks, v1.ListTasksRequest(parent="projects/-")),
        (doubly_guarded.tasks.WatchTasks, v1.WatchTasksRequest(parent="projects/b")),
        (doubly_guarded.executors.ListExecutors, executor_service_pb2.ListExecutorsRequest()),
        (doubly_guarded.channel.unary_unary("/grpc.channelz.v1.Channelz/GetServers"), b""),
    ]
    for method, request in calls:
        told = refused(method, request, metadata=metadata, timeout=10)
        assert told.code is grpc.StatusCode.UNAUTHENTICATED, request


def test_beside_a_certificate_the_token_says_who_calls_and_what_is_open(doubly_guarded):
    assert doubly_guarded.create("a", "harbour.noop", metadata=bearer("ann-token")).creator == "ann"
    told = refused(doubly_guarded.tasks.CreateTask, create_request("b", "harbour.noop"), metadata=bearer("ann-token"))
    assert told.code is grpc.StatusCode.PERMISSION_DENIED
    stub = health_pb2_grpc.HealthStub(doubly_guarded.channel)
    assert stub.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING


def test_a_key_that_does_not_belong_to_the_certificate_is_refused(serve, tmp_path):
    authority = Authority()
    (tmp_path / "key.pem").write_bytes(authority.issue("a.test")[0])
    (tmp_path / "cert.pem").write_bytes(authority.issue("b.test")[1])
    with pytest.raises(NotServing) as caught:
        serve(*write_config(tmp_path, '[tls]\ncert = "cert.pem"\nkey = "key.pem"\n'))
    assert caught.value.exit_code == 5
    assert "don't belong together" in caught.value.log


def test_an_address_beyond_this_machine_is_refused_but_for_insecure(serve, tmp_path):
    with pytest.raises(NotServing) as caught:
        serve("--address", "0.0.0.0:0")
    assert caught.value.exit_code == 5
    assert "can be reached from other machines" in caught.value.log
    assert "Traceback" not in caught.value.log
    began = time.monotonic()
    serving = serve("--address", "0.0.0.0:0", "--insecure")
    with connected(f"127.0.0.1:{serving.port}") as stubs:
        assert stubs.create("default", "harbour.noop").uid
    assert "other machines can reach this server" in serving.log()
    assert time.monotonic() - began < 30
