"""The id of the request that is being answered: random, so it says nothing about a person.

``clinic/web/request_id.py`` sets it; log lines, error reports and error pages show it.
"""

from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Return the id of the current request, or "" outside of one."""
    return _request_id.get()


def set_request_id(value: str) -> None:
    _request_id.set(value)
