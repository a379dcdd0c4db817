"""The admission of a new task: what it must fulfil before it is accepted, and the draft that is then written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from wharfinger.ledger import ids
from wharfinger.runtime.protocol import Environment
from wharfinger.runtime.redaction import hold, secrets_in
from wharfinger_prices.currency import CURRENCIES
from wharfinger_prices.price import parse_amount
from wharfinger_server.domain.errors import Choices, FailedPrecondition, Unimplemented, Violation, invalid
from wharfinger_server.domain.policy import RANGES, LeftoverPolicy, Policy
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.domain.timing import Clock
from wharfinger_server.engine.interface.id_checks import (
    check_id,
    check_labels,
    check_project,
    check_request_id,
    check_text,
)
from wharfinger_server.engine.interface.requests import Caller, CreateRequest, NewTask
from wharfinger_server.engine.params.canonical_json import Path, check_json, params_invalid
from wharfinger_server.engine.params.sealed_fields import marked, without
from wharfinger_server.engine.params.sealing import Secret, Vault
from wharfinger_server.engine.scripts.installed import Script, Scripts
from wharfinger_server.engine.scripts.unknown_names import unknown_executor, unknown_script
from wharfinger_server.engine.use_cases import request_digest
from wharfinger_server.registry import Registry
from wharfinger_server.store.store import Store

LONGEST_KEY = 128
MOST_SEALED = 256
"""How many texts and numbers of one task may be sealed: every line of its log is searched for each of them."""


_AS_ASKED = tuple({one.name for one in fields(NewTask)} & {one.name for one in fields(TaskSpec)} - {"params", "labels"})
"""What a task's spec takes over from the request as it is."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A task as it would be written, and its sealed values, None where nothing is sealed or written.

    `told` is what the request chose, as its digest is made of.
    """

    task: Task
    secret: Secret | None
    told: bytes


class Admission:
    """Checks requests against what is installed, and drafts tasks. `params_bytes` limits a task's params as JSON.

    `environment` is what the operator configured for scripts.
    """

    def __init__(
        self,
        store: Store,
        registry: Registry,
        scripts: Scripts,
        vault: Vault,
        environment: Environment,
        default_executor: str,
        params_bytes: int,
        clock: Clock,
    ) -> None:
        self._store = store
        self._clock = clock
        self._registry = registry
        self._scripts = scripts
        self._vault = vault
        self._environment = environment
        self._default_executor = default_executor
        self._params_bytes = params_bytes
        self._ids = ids.TaskIds()

    def admit(self, caller: Caller, request: CreateRequest) -> Admitted:
        """Return the task as it would be written. Raises a Refused that names the field at fault."""
        check_project(caller, request.project)
        check_request_id(request.request_id)
        if request.task_id:
            check_id("task_id", request.task_id)
        new = request.task
        check_labels(new.labels)
        check_policy(new.policy)
        plugin = self._script(new.script)
        if new.script_version and new.script_version != plugin.version:
            raise FailedPrecondition(
                "SCRIPT_VERSION_GONE",
                f"{new.script} {new.script_version} was asked for, but {plugin.version} is installed",
                {"script": new.script, "version": new.script_version, "installed": plugin.version},
            )
        if LeftoverPolicy.ROLL_BACK in (new.policy.on_failure, new.policy.on_cancel) and not plugin.info.can_undo:
            field = "on_failure" if new.policy.on_failure is LeftoverPolicy.ROLL_BACK else "on_cancel"
            raise _unsupported(f"task.policy.{field}", f"{plugin.name} has no undo, so it cannot be rolled back")
        executor = self._executor(new.executor, plugin)
        paths = plugin.params.sealed.paths(new.params) if plugin.params else []
        document = self._params(plugin, new.params, paths, request.project)
        told = request_digest.told(request, document) if request.request_id else b""
        params, secret = document, None
        pointers: tuple[str, ...] = ()
        if paths:
            public, values = without(new.params, paths)
            params, pointers = check_json(public, script=plugin.name), tuple(values)
            if not request.validate_only:
                secret = self._vault.secret(values)
        now = self._clock.wall()
        task_id = self._ids.new(now)
        spec = TaskSpec(
            **{name: getattr(new, name) for name in _AS_ASKED},
            creator=caller.creator,
            params=params,
            sealed=pointers,
            labels=dict(new.labels),
            request_id=request.request_id,
            request_digest=self._digest(told, secret) if told else "",
            traceparent=request.traceparent,
        )
        task = Task(
            id=task_id,
            uid=self._store.uid(task_id),
            project=request.project,
            task_id=request.task_id or ids.default_task_id(task_id),
            spec=spec,
            script_version=plugin.version,
            executor=executor,
            create_time=now,
            update_time=now,
            seal_key=secret.key if secret else "",
        )
        return Admitted(task, secret, told)

    def same(self, admitted: Admitted, task: Task) -> bool:
        """Whether the request that was admitted is that which made `task`, under whichever key it was sealed."""
        if task.spec.sealed and admitted.secret:
            return self._vault.same(task.spec.request_digest, admitted.told)
        return task.spec.request_digest == admitted.task.spec.request_digest

    def _digest(self, told: bytes, secret: Secret | None) -> str:
        """Return a digest; with sealed values a keyed one: a plain one could be compared with those of guesses."""
        return self._vault.digest(told) if secret else hashlib.sha256(told).hexdigest()

    def _script(self, name: str) -> Script:
        script = self._scripts.get(name)
        if script is not None:
            return script
        if broken := self._scripts.why_not(name):
            raise FailedPrecondition(
                "SCRIPT_BROKEN",
                f"task.script: {name} is installed but broken: {broken}",
                {"script": name, "distribution": self._scripts.plugins[name].distribution, "cause": broken},
            )
        raise unknown_script(name, self._scripts.names(), "task.script: ")

    def _executor(self, asked: str, script: Script) -> str:
        name = asked or script.info.executor or self._default_executor
        plugin = self._registry.executors.get(name)
        if plugin is None:
            raise unknown_executor(name, self._registry.executors, "task.executor: ")
        if plugin.broken or plugin.cls is None:
            raise FailedPrecondition(
                "EXECUTOR_UNAVAILABLE",
                f"task.executor: {name} cannot be used: {plugin.broken}",
                {"executor": name, "cause": plugin.broken},
            )
        colour = script.info.colour
        if colour not in plugin.cls.colours:
            able = (one for one in self._registry.executors.values() if one.cls and colour in one.cls.colours)
            suitable = sorted(one.name for one in able)
            raise FailedPrecondition(
                "EXECUTOR_UNSUITABLE",
                f"task.executor: {name} does not run {colour} scripts such as {script.name}"
                + (f"; those that do are {', '.join(suitable)}" if suitable else ""),
                {"executor": name, "script": script.name},
                choices=Choices("executor", tuple(suitable), complete=True),
            )
        return name

    def _params(self, script: Script, params: Mapping[str, Any], paths: Sequence[Path], project: str) -> bytes:
        document = check_json(params, self._params_bytes, script=script.name)
        if paths:
            _remember(list(secrets_in(without(params, paths)[1])), project, script.name)
        violations = (marked(params, paths) or script.params.check(params)) if script.params else ()
        if violations:
            raise params_invalid(violations, script.name)
        script.references.check(params, self._environment, project)
        return document


def _remember(secrets: list[str], project: str, script: str) -> None:
    """Keep the sealed texts of a request out of what is logged of it, should it fail by a fault of ours.

    They are forgotten with the call. Refuses a request with so many that it would take long to look for them.
    """
    if len(secrets) > MOST_SEALED:
        said = f"has {len(secrets)} texts and numbers to be sealed; {MOST_SEALED} are the most: seal fewer, longer ones"
        raise params_invalid([Violation("task.params", said)], script)
    hold(secrets, f"projects/{project}")


@lru_cache(maxsize=256)  # what passed once passes again
def check_policy(policy: Policy) -> None:
    """Refuse a policy with numbers out of range, or that asks for what this server does not do."""
    for name, (least, most) in RANGES.items():
        if not least <= getattr(policy, name) <= most:
            raise invalid(f"task.policy.{name}", f"{getattr(policy, name)} is not between {least} and {most}")
    check_text("task.policy.concurrency_key", policy.concurrency_key, LONGEST_KEY, "a key")
    if policy.concurrency_limit and not policy.concurrency_key:
        raise invalid("task.policy.concurrency_limit", "it is of a concurrency key, and there is none")
    if policy.max_hourly_cost or policy.max_hourly_currency:
        _check_limit(policy)


def _check_limit(policy: Policy) -> None:
    """Refuse a limit of cost that is no amount of money."""
    try:
        amount = parse_amount(policy.max_hourly_cost)
    except ValueError as error:
        raise invalid("task.policy.max_hourly_cost.amount", str(error)) from None
    if amount < 0:
        raise invalid("task.policy.max_hourly_cost.amount", f"{policy.max_hourly_cost} is negative")
    if policy.max_hourly_currency not in CURRENCIES:
        code = policy.max_hourly_currency[:20]
        raise invalid("task.policy.max_hourly_cost.currency_code", f"{code!r} is no ISO 4217 code, such as USD")


def _unsupported(field: str, why: str) -> Unimplemented:
    return Unimplemented("NOT_SUPPORTED", f"{field}: {why}", {"feature": field})
