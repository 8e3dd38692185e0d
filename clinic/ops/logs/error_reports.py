"""Report errors to Sentry or GlitchTip (SENTRY_DSN), without data of a person.

An event is built anew from the parts that are listed here, so that a part that a later sentry-sdk adds stays out:
exceptions with their class, place and redacted text; the route, method and status; the request's id and the version.
"""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from clinic.ops.logs.redaction import LEFT_OUT, describe_exception, redact_message
from clinic.ops.logs.request_ids import current_request_id
from clinic.ops.logs.routes import UNMATCHED
from clinic.ops.outages import outage_of
from clinic.ops.version import site_version

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

KEPT = (
    "event_id", "timestamp", "level", "platform", "release", "environment", "server_name", "logger", "type", "sdk",
)  # fmt: skip
KEPT_OF_FRAMES = (
    "filename", "abs_path", "function", "module", "lineno", "in_app", "pre_context", "context_line", "post_context",
)  # fmt: skip
HEADERS = ("content-type", "content-length")


def start_error_reports(dsn: str, **options: Any) -> None:
    """Start sentry-sdk. Raises ImproperlyConfigured if it is not installed."""
    try:
        import sentry_sdk
        from sentry_sdk.integrations.django import DjangoIntegration
    except ImportError as problem:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed. "
            "Run: pip install --require-hashes -r requirements-full.txt"
        ) from problem
    sentry_sdk.init(
        dsn=dsn,
        release=site_version(),
        # send_default_pii stays off, its default: later versions warn when it is named.
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,  # They hold SQL, addresses and texts of log lines.
        send_client_reports=False,
        auto_session_tracking=False,
        default_integrations=True,
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration(transaction_style="url", middleware_spans=False)],
        before_send=scrub,
        before_send_transaction=lambda event, hint: None,
        before_breadcrumb=lambda crumb, hint: None,
        **options,
    )


def scrub(event: "Event", hint: "Hint") -> "Event | None":
    """Return a new event with only the parts that cannot hold data of a person.

    None for an outage of the database: monitoring tells of it, and each request would report it again.
    """
    if any(outage_of(error) for error in _errors_of(hint)):
        return None
    source: dict[str, Any] = dict(event)
    kept: dict[str, Any] = {name: source[name] for name in KEPT if name in source}
    kept["tags"] = {"request_id": current_request_id() or "none", "version": site_version()}
    request = source.get("request") or {}
    route = _route_of(source)
    if request:
        headers = {name: value for name, value in (request.get("headers") or {}).items() if name.lower() in HEADERS}
        kept["request"] = {"method": request.get("method"), "url": route, "headers": headers}
    if route:
        kept["transaction"] = route
    if source.get("exception"):
        errors = _errors_of(hint)
        values = source["exception"].get("values") or []
        kept["exception"] = {"values": [_scrub_exception(value, errors) for value in values]}
    record = hint.get("log_record")
    if record is not None:
        kept["logentry"] = {"message": redact_message(record.msg, record.args)}
    elif source.get("message"):
        kept["message"] = LEFT_OUT
    return kept  # type: ignore[return-value]


def _route_of(source: dict[str, Any]) -> str:
    """Return the URL pattern. Without one, sentry-sdk names the event after the path, which may hold a token."""
    if not source.get("transaction"):
        return ""
    is_route = (source.get("transaction_info") or {}).get("source") == "route"
    return str(source["transaction"]) if is_route else UNMATCHED


def _errors_of(hint: "Hint") -> list[BaseException]:
    """Return the exception of an event with those that led to it, whatever their order."""
    exc_info = hint.get("exc_info")
    found: list[BaseException] = []
    pending = [exc_info[1]] if exc_info and exc_info[1] is not None else []
    while pending:
        error = pending.pop()
        if error in found:
            continue
        found.append(error)
        members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
        pending += [other for other in (error.__cause__, error.__context__, *members) if other is not None]
    return found


def _scrub_exception(value: dict[str, Any], errors: list[BaseException]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: value[name] for name in ("type", "module", "thread_id") if name in value}
    mechanism = value.get("mechanism") or {}
    kept["mechanism"] = {name: mechanism[name] for name in ("type", "handled") if name in mechanism}
    same = next((error for error in errors if type(error).__name__ == value.get("type")), None)
    kept["value"] = describe_exception(same) if same is not None else LEFT_OUT
    frames = (value.get("stacktrace") or {}).get("frames") or []
    kept["stacktrace"] = {
        "frames": [{name: frame[name] for name in KEPT_OF_FRAMES if name in frame} for frame in frames]
    }
    return kept
