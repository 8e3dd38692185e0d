"""Public booking URLs. E-mails and search engines link to them: do not change any."""

from django.urls import path

from booking.calendars import views
from booking.views import again
from booking.views.appointment import attend, change, confirm, intake, lost_link, manage
from booking.views.book import check, details, services, times
from booking.views.waitlist import entry, join, offer

app_name = "booking"
urlpatterns = [
    path("book/", services.services, name="services"),
    path("book/safety/", details.safety, name="safety"),
    path("book/details/", details.details, name="details"),
    path("book/check/", check.check, name="check"),
    path("book/done/", check.done, name="done"),
    path("book/<slug:slug>/", times.times, name="times"),
    path("book/<slug:slug>/waitlist/", join.join, name="waitlist"),
    path("waitlist/", entry.entry, name="waitlist_entry"),
    path("waitlist/joined/", join.joined, name="waitlist_joined"),
    path("waitlist/leave/", entry.leave, name="waitlist_leave"),
    path("waitlist/offer/", offer.offer, name="waitlist_offer"),
    path("waitlist/safety/", offer.safety, name="waitlist_safety"),
    path("waitlist/accept/", offer.accept, name="waitlist_accept"),
    path("waitlist/pass/", offer.pass_on, name="waitlist_pass"),
    path("waitlist/<str:token>/", entry.link, name="waitlist_link"),
    path("calendar/<str:token>.ics", views.practitioner, name="feed"),
    path("appointment/", manage.appointment, name="appointment"),
    path("appointment/confirm/", confirm.confirm, name="confirm"),
    path("appointment/change/", change.change, name="change"),
    path("appointment/cancel/", manage.cancel, name="cancel"),
    path("appointment/calendar.ics", manage.calendar_file, name="calendar_file"),
    path("appointment/attend/", attend.attend, name="attend"),
    path("appointment/again/", again.book_again, name="book_again"),
    path("appointment/forget/", again.forget, name="forget"),
    path("appointment/form/", intake.start, name="intake"),
    path("appointment/form/review/", intake.review, name="intake_review"),
    path("appointment/form/<int:number>/", intake.page, name="intake_page"),
    path("appointment/lost-link/", lost_link.lost_link, name="lost_link"),
    path("appointment/<str:token>/", manage.link, name="link"),
]
