"""Why a calendar could not be read."""

from booking.models import ExternalCalendar

Problem = ExternalCalendar.Problem


class CalendarUnreadable(Exception):
    """Carries the problem, and neither the address nor anything that the server sent."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem
