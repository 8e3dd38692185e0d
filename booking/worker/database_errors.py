"""What the log says if the database is in trouble: what is wrong and what to do."""

from booking.ops.database_outages import Cause, cause_of

_LOCKED = "The database is locked by another process ({}). Look for a long import or backup if this goes on."
_SENTENCES = {
    Cause.FULL: "The disk of the database is full ({}). Make room: nothing can be booked or sent until then.",
    Cause.READ_ONLY: (
        "The database cannot be written ({}): it, or its disk, is read-only, or the server is a standby."
    ),
    Cause.NOT_MIGRATED: "The database lacks tables or columns of this release ({}). Run manage.py migrate.",
    Cause.OVERLOADED: (
        "The database has no connection or memory left ({}). Lower the number of its clients, or raise its limits."
    ),
    Cause.LOCKED: _LOCKED,
    Cause.CONFLICT: _LOCKED,
    Cause.AWAY: "The database does not answer ({}). Check that it runs.",
}


def concerns_whole_database(error: Exception) -> bool:
    """Whether the database itself is the cause, and not one task: the lane pauses, then tries its tasks again."""
    return cause_of(error) is not None


def explain_database_error(error: Exception) -> str:
    """Return a sentence for the log, without the error's text."""
    cause = cause_of(error)
    name = type(error).__name__
    return _SENTENCES[cause].format(name) if cause else f"The database refused a statement ({name})."
