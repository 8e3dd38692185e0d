"""The patient's addresses. Mails and search engines remember them: change none of them."""

from django.urls import path

from booking.views import choose, details, feed, lost_link, manage, waitlist, waitlist_offer

app_name = "booking"
urlpatterns = [
    path("book/", choose.services, name="services"),
    path("book/safety/", details.safety, name="safety"),
    path("book/details/", details.details, name="details"),
    path("book/check/", details.check, name="check"),
    path("book/done/", details.done, name="done"),
    path("book/<slug:slug>/", choose.times, name="times"),
    path("book/<slug:slug>/waitlist/", waitlist.join, name="waitlist"),
    path("waitlist/", waitlist.entry, name="waitlist_entry"),
    path("waitlist/joined/", waitlist.joined, name="waitlist_joined"),
    path("waitlist/leave/", waitlist.leave, name="waitlist_leave"),
    path("waitlist/offer/", waitlist_offer.offer, name="waitlist_offer"),
    path("waitlist/safety/", waitlist_offer.safety, name="waitlist_safety"),
    path("waitlist/accept/", waitlist_offer.accept, name="waitlist_accept"),
    path("waitlist/pass/", waitlist_offer.pass_on, name="waitlist_pass"),
    path("waitlist/<str:token>/", waitlist.link, name="waitlist_link"),
    path("calendar/<str:token>.ics", feed.practitioner, name="feed"),
    path("appointment/", manage.appointment, name="appointment"),
    path("appointment/change/", manage.change, name="change"),
    path("appointment/cancel/", manage.cancel, name="cancel"),
    path("appointment/calendar.ics", manage.calendar_file, name="calendar_file"),
    path("appointment/lost-link/", lost_link.lost_link, name="lost_link"),
    path("appointment/<str:token>/", manage.link, name="link"),
]
