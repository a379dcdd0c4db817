"""What servers before 1.0 said as JSON, in the words of today's API: the same facts, so that they can be compared."""

from __future__ import annotations

from typing import Any

from google.rpc import code_pb2

_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_NAMES = {
    "resources": "ledger",
    "resource": "entry",
    "error": "failure",
    "rollback_error": "rollback_failure",
    "left_over_count": "total_left_over",
    "not_before": "not_before_time",
    "send_by": "send_by_time",
}
_BEGINNINGS = {"RESOURCE_STATE_": "LEDGER_ENTRY_STATE_", "ON_FAILURE_": "LEFTOVER_POLICY_"}


def todays_words(said: Any) -> Any:
    """Return what was said as today's server would say it."""
    if isinstance(said, list):
        return [todays_words(one) for one in said]
    if isinstance(said, str):
        for old, new in _BEGINNINGS.items():
            if said.startswith(old):
                return new + said.removeprefix(old)
        return said
    if not isinstance(said, dict):
        return said
    if "details" in said and "code" in said:
        return _failure(said)
    told = {_NAMES.get(name, name): value for name, value in said.items()}
    if "estimate_time" in told and "catalog_digest" in told:
        told["price_basis"] = told.pop("catalog_digest")
    if str(told.get("name", "")).startswith("catalogs/") and "state" not in told:  # those of later commits have one
        told["origin"], told["source"] = told["source"], told["source"].partition(" ")[0]
        told["state"] = "CATALOG_STATE_ACTIVE" if told.pop("active", False) else "CATALOG_STATE_IMPORTED"
    # A caller's own params and labels are as they are, whatever they are called.
    own = ("params", "labels", "result", "attributes")
    return {name: value if name in own else todays_words(value) for name, value in told.items()}


def _failure(status: dict[str, Any]) -> dict[str, Any]:
    (info,) = [detail for detail in status["details"] if detail["@type"] == _INFO]
    facts = {name: value for name, value in info.items() if name != "@type"}
    return {"code": code_pb2.Code.Name(status["code"]), "message": status["message"], **facts}
