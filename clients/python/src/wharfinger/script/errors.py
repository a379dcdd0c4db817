"""The errors that a script raises to say how something ended."""

from __future__ import annotations

from collections.abc import Mapping


class Failed(Exception):
    """The script fails on purpose: the task's error is this message, not a traceback.

    `reason` is an upper-case word a program can act on. `code` is a google.rpc.Code number; left out, it is the one
    that is documented for the reason, and UNKNOWN (2) for a reason of your own. `retryable` says that trying the whole
    task again may help; the task's policy decides whether that happens. `metadata` is shown to the caller: no secrets.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str = "SCRIPT_FAILED",
        retryable: bool = False,
        metadata: Mapping[str, str] | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.retryable = retryable
        self.metadata = dict(metadata or {})
        self.code = code


class Refused(Exception):
    """Raised inside a `create` call: the provider's own definite answer that nothing was made.

    Only for answers: a quota, a bad argument, a name that is taken. A timeout or a broken connection is no answer; let
    it raise as it is, and the ledger notes that nobody knows. `terminated`: the provider says that what the token once
    made is gone. Outside of the call it arrives as Failed with the same message, reason, metadata and `retryable`.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        terminated: bool = False,
        retryable: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or "REFUSED"
        self.terminated = terminated
        self.retryable = retryable
        self.metadata = dict(metadata or {})


class NotSent(Failed):
    """Raised inside a `create` call: nothing was sent, and nothing will be. So nothing was made, which is definite.

    Only before the request has left: no address, a connection that was never made, a file to read that is not there. It
    is never said from outside of the call, nor once a part of the request may have arrived; in `create_many` it is said
    of all. The ledger notes NOT_CREATED at once, and nobody has to look. Outside of the call it arrives as it is, a
    `Failed`; the script may catch it there and `create` the same key again. `retryable`, `metadata` and `code` as those
    of Failed. The runtime raises it by itself where the ledger took longer than the type's `send_window`, time after
    time. `told`: the ledger knows of it already; set by the runtime.
    """

    def __init__(
        self,
        message: str = "the call was not sent",
        *,
        reason: str = "NOT_SENT",
        retryable: bool = True,
        metadata: Mapping[str, str] | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message, reason=reason, retryable=retryable, metadata=metadata, code=code)
        self.told = False


class Cancelled(Exception):
    """The task was asked to stop, and the script does. `create` raises it, and so may the script itself."""


class BrokenScript(Exception):
    """A module that can't be run as a script; the message names the module and what is wrong with it."""
