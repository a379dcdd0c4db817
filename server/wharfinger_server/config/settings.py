"""The server's settings: every key with its default and its meaning. The sample file is made from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wharfinger_prices.settings.price_settings import SERVER_ADDRESS, Prices, data_dir_of, database_url, price_folder_of
from wharfinger_prices.settings.sections import Kind, setting
from wharfinger_server.config.granted import ROLES, Granted


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server listens, and how it behaves as a process."""

    address: str = setting(
        SERVER_ADDRESS, "Where gRPC listens: HOST:PORT (port 0: any free one), [IPV6]:PORT or unix:PATH."
    )
    insecure: bool = setting(
        False,
        "Listen beyond this machine though calls are not encrypted or callers not known: on trusted networks only.",
    )
    data_dir: str = setting(
        "", "Folder of the embedded database; WHARFINGER_DATA_DIR sets it too. Empty: the platform's.", Kind.PATH
    )
    default_executor: str = setting(
        "asyncio", "Where a script runs when neither its task nor the script names an executor."
    )
    drain_grace: int = setting(
        "30s", "How long running scripts may go on after the server was told to end.", Kind.DURATION
    )
    log_level: str = setting(
        "info", "Least grave log line that is written.", among=("debug", "info", "warning", "error")
    )
    log_format: str = setting(
        "auto", "json, plain, or auto: plain on a terminal and json elsewhere.", among=("auto", "plain", "json")
    )


@dataclass(frozen=True, slots=True)
class Store:
    """The database."""

    url: str = setting(
        "",
        "Empty: SQLite in the data folder. Otherwise sqlite:////PATH or postgresql://USER@HOST/NAME. A password is"
        " better placed in the environment: WHARFINGER_STORE__URL, or PGPASSFILE.",
    )
    deadline: int = setting(
        "20s",
        "How long PostgreSQL may leave a transaction or a query without an answer before its connection is dropped; the"
        " server then connects again, and finds out what came of a COMMIT.",
        Kind.DURATION,
        least=100_000,
    )


@dataclass(frozen=True, slots=True)
class Sealing:
    """The keys under which sealed params (passwords, user data, presigned URLs) are encrypted."""

    key_file: str = setting(
        "",
        "File of keys, one a line, as `wharfinger config seal-key` prints them: the first seals, all open. Replicas"
        " share it. Empty: seal.keys in the data folder, made with the first sealed param.",
        Kind.PATH,
    )
    key_command: str = setting("", "Command that prints the keys, instead of a file; no shell runs it.")


@dataclass(frozen=True, slots=True)
class Tls:
    """Encryption. With cert and key the server speaks TLS only; the files are read again when they change."""

    cert: str = setting("", "PEM file with the server's certificate and the chain above it.", Kind.PATH)
    key: str = setting("", "PEM file with its private key.", Kind.PATH)
    client_ca: str = setting(
        "",
        "PEM file of authorities: callers must show a certificate of theirs; without tokens its name says who calls.",
        Kind.PATH,
    )


@dataclass(frozen=True, slots=True)
class Gateway:
    """The same calls for browsers and curl: Connect and gRPC-Web over HTTP/1.1. Needs wharfinger-server[gateway]."""

    address: str = setting(
        "",
        "Where it listens, as HOST:PORT or [IPV6]:PORT; empty: there is none. It has the certificate of [tls], and"
        " knows its callers by their tokens only: it asks for no client certificate, whatever gRPC does.",
    )
    cors_origins: tuple[str, ...] = setting(
        (), 'Origins whose pages may ask: ["https://ops.example"], or ["*"] for all. Empty: none but its own.'
    )


_ROLE = '"viewer" looks, "operator" (the usual one) acts, "admin" says who may; "worker" attaches workers, and no more.'
_ROLES = 'Projects where it has another role, such as { live = "viewer" }; "*" is all others.'


@dataclass(frozen=True, slots=True)
class Token:
    """One static bearer token. As soon as there is one, every call needs one."""

    sha256: str = field(
        metadata={"doc": "SHA-256 of the token in hexadecimal, not the token. `wharfinger config token` makes both."}
    )
    creator: str = field(metadata={"doc": "Who the caller is, as Task.creator shows it."})
    granted: Granted = field(
        metadata={
            "doc": 'The projects that it opens, such as ["default"]; "*" for all of them.',
            "role": _ROLE,
            "roles": _ROLES,
        }
    )
    expire: int = field(
        default=0, metadata={"doc": "Until when it holds, such as 2027-01-31T00:00:00Z. Left out: for ever."}
    )


@dataclass(frozen=True, slots=True)
class Certificate:
    """One client certificate that opens something; needs [tls] client_ca. With one here, no other opens anything."""

    subject: str = field(metadata={"doc": "Its common name, or"})
    san: str = field(metadata={"doc": "a DNS name, URI or e-mail address that it holds beside."})
    creator: str = field(metadata={"doc": "Who the caller is, as Task.creator shows it. Empty: that name."})
    granted: Granted = field(metadata={"doc": "The projects that it opens.", "role": _ROLE, "roles": _ROLES})


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call, beside [[tokens]] and [[certificates]], which are read again when this file changes."""

    token_file: str = setting(
        "",
        "Tokens that `wharfinger token` makes and revokes, without a restart. Empty: tokens.json in the data folder.",
        Kind.PATH,
    )


@dataclass(frozen=True, slots=True)
class Oidc:
    """Callers whose tokens an identity provider issues: JSON Web Tokens, checked by its published keys."""

    issuer: str = setting("", "The issuer's URL, exactly as its tokens have it in `iss`; empty: there is none.")
    audience: str = setting("", "What its tokens must have in `aud`.")
    keys_url: str = setting("", "Where its keys are (a JWK Set). Empty: its discovery document says where.")
    ca: str = setting("", "PEM file of the authority of its certificate. Empty: the system's.", Kind.PATH)
    algorithms: tuple[str, ...] = setting(
        ("RS256", "ES256"), "Signatures that are taken: of RS, PS, ES with 256, 384, 512, and EdDSA."
    )
    leeway: int = setting("30s", "How far its clock and this one may be apart.", Kind.DURATION)
    creator_claim: str = setting("sub", "The claim that says who the caller is, as Task.creator shows it.")
    projects_claim: str = setting(
        "wharfinger_projects", 'The claim with the projects: a list, or text with blanks between; "*" for all.'
    )
    role_claim: str = setting("wharfinger_role", "The claim with the role.")
    role: str = setting("viewer", "The role of a token without that claim.", among=ROLES)
    page_client: str = setting(
        "", "The client id under which the gateway's page is known to the issuer; with it people sign in there."
    )
    page_secret: str = setting("", "The secret of that client, where it has one.")
    page_scope: str = setting("openid", "What is asked for: scopes with blanks between.")
    page_url: str = setting(
        "", "The URL of the page as browsers have it. Empty: http or https as [tls] says, and the name they ask for."
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep one caller or one script from harming the others."""

    params_bytes: int = setting("1MiB", "Largest params of a task, as JSON.", Kind.SIZE, least=1)
    batch_tasks: int = setting(1000, "Most requests in one BatchCreateTasks.", least=1)
    batch_bytes: int = setting("3MiB", "Largest BatchCreateTasks.", Kind.SIZE, least=1)
    page_size: int = setting(50, "Tasks on a page whose size was not asked for.", least=1)
    max_page_size: int = setting(1000, "Most items on a page, whatever was asked for.", least=1)
    response_bytes: int = setting("3MiB", "Largest page, whatever its page_size.", Kind.SIZE, least=65536)
    message_bytes: int = setting("4MiB", "Largest message taken or sent.", Kind.SIZE, least=65536)
    log_bytes: int = setting(
        "1MiB", "Log text kept of one task; lines that are dropped are counted.", Kind.SIZE, least=1
    )
    cancel_grace: int = setting(
        "10s", "How long a script that was told to stop may clean up; then its attempt is fenced.", Kind.DURATION
    )
    find_timeout: int = setting("60s", "How long a search for an uncertain resource may take.", Kind.DURATION, least=1)
    lease_ttl: int = setting("30s", "An attempt not heard of for so long is lost.", Kind.DURATION, least=1_000_000)
    suspect_time: int = setting(
        "30s",
        "After a crash of the server, how long each task that then ran runs with nothing beside it, until it is taken"
        " not to have ended the server's process.",
        Kind.DURATION,
        least=1,
    )
    watches: int = setting(20_000, "Most watches open at once.", least=1)
    calls: int = setting(4_096, "Most other calls at work at once; more are refused.", least=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things that are over stay."""

    ended: int = setting("30d", "Tasks at rest; never while something they own may be alive.", Kind.DURATION, least=1)
    tombstones: int = setting(
        "7d", "A deleted task's ledger, so that late evidence can revive it.", Kind.DURATION, least=1
    )


Table = Mapping[str, Any]


def _tables(doc: str, example: str) -> Any:
    return field(default_factory=dict, metadata={"doc": doc, "example": example})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a server, read once. `source` is the file they came from, None where there was none."""

    server: Server = field(default_factory=Server)
    store: Store = field(default_factory=Store)
    sealing: Sealing = field(default_factory=Sealing)
    tls: Tls = field(default_factory=Tls)
    gateway: Gateway = field(default_factory=Gateway)
    tokens: tuple[Token, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    access: Access = field(default_factory=Access)
    oidc: Oidc = field(default_factory=Oidc)
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)
    prices: Prices = field(default_factory=Prices)
    stores: Mapping[str, Table] = _tables(
        "Object stores that image scripts know by NAME. `projects` says who may use one (without it: all), and"
        " prefix_by_project gives each project a folder of its own in it. Keys other than these, url, prefix, max_size"
        ' and price go to the store\'s client; price is "free", or names what estimates look up for a GB there.',
        '[stores.local]\nurl = "file:///srv/images"\nprojects = ["default"]\n\n'
        '[stores.s3]\nurl = "s3://bucket/images"\nregion = "eu-west-1"\n'
        'price = { provider = "s3", region = "eu-west-1", sku = "TimedStorage-ByteHrs" }',
    )
    profiles: Mapping[str, Table] = _tables(
        "Cloud accounts that scripts know by NAME: the only place for credentials. `projects` says who may use one.",
        '[profiles.staging]\nprovider = "ec2"\nregion = "eu-central-1"\nprojects = ["default"]',
    )
    executors: Mapping[str, Table] = _tables("Options of an executor, by its NAME.", "[executors.thread]\nslots = 16")
    packages: Mapping[str, Table] = _tables(
        "Settings of a script package, under the first part of its scripts' names.",
        '[image]\nallow_sources = ["127.0.0.1:8000"]',
    )
    source: Path | None = None

    @property
    def data_dir(self) -> Path:
        """The folder of the embedded database."""
        return data_dir_of(self.server.data_dir)

    @property
    def price_folder(self) -> Path:
        """The folder of the operator's own prices."""
        return price_folder_of(self.prices, self.source)

    @property
    def database_url(self) -> str:
        """Where the database is: what was set, otherwise SQLite's file in the data folder."""
        return database_url(self.store.url, self.data_dir)

    @property
    def seal_key_file(self) -> Path:
        """The file of the keys that seal params: what was set, otherwise one in the data folder."""
        return Path(self.sealing.key_file) if self.sealing.key_file else self.data_dir / "seal.keys"

    @property
    def authenticates(self) -> bool:
        """Whether callers must show who they are, by a token or a certificate."""
        return self.knows_tokens or bool(self.tls.client_ca)

    @property
    def knows_tokens(self) -> bool:
        """Whether there are bearer tokens of any kind."""
        return bool(self.tokens or self.oidc.issuer) or self.token_file.exists()

    @property
    def token_file(self) -> Path:
        """The file of tokens that come and go: what was set, otherwise one in the data folder."""
        return Path(self.access.token_file) if self.access.token_file else self.data_dir / "tokens.json"
