"""Addresses under /desk/."""

from django.urls import include, path

from booking.desk import booking_links, day, live, print_view, settings, week
from booking.desk.appointments import cancel, health_form, late, resend, same_source, status
from booking.desk.blocks import conflicts, resolve
from booking.desk.blocks import views as blocks
from booking.desk.booking import views as booking
from booking.desk.find import views as find
from booking.desk.my_day import day as my_day
from booking.desk.my_day import feed, late_panel, me, own_page, running_late
from booking.desk.notes import on_visit
from booking.desk.own_calendars import views as own_calendars
from booking.desk.visit_times import move, rebook, repeat
from booking.desk.waitlist import add, by_hand, lists

app_name = "desk"
urlpatterns = [
    path("", day.day, name="day"),
    path("book/", booking.book, name="book"),
    path("find/", find.find, name="find"),
    path("find/list/", find.find_list, name="find_list"),
    path("find/to-book/", find.find_to_book, name="find_to_book"),
    path("find/duplicates/", find.find_duplicates, name="find_duplicates"),
    path("week/", week.week, name="week"),
    path("print/", print_view.print_page, name="print"),
    path("settings/", settings.settings, name="settings"),
    path("version/", live.version, name="version"),
    path("appointments/<str:reference>/status/", status.status, name="status"),
    path("blocks/", blocks.add, name="block"),
    path("blocks/<int:pk>/change/", blocks.change, name="change_block"),
    path("blocks/<int:pk>/remove/", blocks.remove, name="remove_block"),
    path("blocks/batches/<uuid:batch>/remove/", blocks.remove_batch, name="remove_batch"),
    path("visits/resolve/", resolve.resolve, name="resolve"),
    path("waitlist/", lists.waitlist, name="waitlist"),
    path("waitlist/add/", add.add, name="add_to_waitlist"),
    path("waitlist/<int:pk>/", lists.entry, name="waitlist_entry"),
    path("waitlist/<int:pk>/end/", lists.end, name="end_waitlist_entry"),
    path("waitlist/<int:pk>/offer/", by_hand.offer, name="offer_to_waiting"),
    path("waitlist/<int:pk>/book/", by_hand.book, name="book_waiting"),
    path("late/", late_panel.practitioner_late, name="practitioner_late"),
    path("conflicts/", conflicts.conflicts, name="conflicts"),
    path("appointments/<str:reference>/form/", health_form.health_form, name="health_form"),
    path("appointments/<str:reference>/late/", late.late, name="late"),
    path("appointments/<str:reference>/move/", move.move, name="move"),
    path("appointments/<str:reference>/move/undo/", move.undo_move, name="undo_move"),
    path("appointments/<str:reference>/cancel/", cancel.cancel, name="cancel"),
    path("appointments/<str:reference>/restore/", cancel.restore, name="restore"),
    path("appointments/<str:reference>/rebook/", rebook.rebook, name="rebook"),
    path("appointments/<str:reference>/series/", repeat.series, name="series"),
    path("appointments/<str:reference>/same-source/", same_source.same_source, name="same_source"),
    path("appointments/<str:reference>/messages/<int:message>/", resend.resend, name="resend"),
    path("notes/visits/<str:reference>/", on_visit.visit_note, name="visit_note"),
    path("patients/", include("booking.desk.patients.urls")),
    path("privacy/", include("booking.desk.privacy.urls")),
    path("reports/", include("booking.reports.urls")),
    path("my-day/", my_day.my_day, name="my_day"),
    path("my-day/late/", running_late.running_late, name="running_late"),
    path("my-day/quiet/", my_day.quiet, name="quiet"),
    path("calendars/", own_calendars.calendars, name="own_calendars"),
    path("calendars/add/", own_calendars.add, name="add_own_calendar"),
    path("calendars/<int:pk>/read/", own_calendars.read, name="read_own_calendar"),
    path("calendars/<int:pk>/remove/", own_calendars.remove, name="remove_own_calendar"),
    path("booking-links/", booking_links.booking_links, name="booking_links"),
    path("me/", me.me, name="me"),
    path("me/feed/", feed.feed, name="own_feed"),
    path("me/page/", own_page.own_page, name="own_page"),
]
