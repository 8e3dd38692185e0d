"""Where this database is served from: a restored copy sends nothing until an operator takes it over.

``docs/decisions/take-over.md`` says why it is made as it is.
"""

from booking.site_identity.memory import SiteMemory
from booking.site_identity.place import Place, current_place
from booking.site_identity.problems import ADVICE, WENT_BACK, SiteProblem, find_problem, site_problem
from booking.site_identity.record import adopt, count_heartbeat, load_identity, record_mute
from booking.site_identity.take_over import TakeOver, plan_take_over, take_over

__all__ = [
    "ADVICE",
    "WENT_BACK",
    "Place",
    "SiteMemory",
    "SiteProblem",
    "TakeOver",
    "adopt",
    "count_heartbeat",
    "current_place",
    "find_problem",
    "load_identity",
    "plan_take_over",
    "record_mute",
    "site_problem",
    "take_over",
]
