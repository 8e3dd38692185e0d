"""The day at /desk/: columns, visits, gaps, shading, the panel, and who may see it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import AccessLogEntry, Appointment, Break, Closure, Status, TimeOff
from booking.scheduling import Actor
from tests.booking.desk.conftest import MINUTES, NINE, words_of
from tests.support import factories

DESK = "/desk/"


def column_of(response, person):
    return next(column for column in response.context["board"].columns if column.practitioner == person)


def gaps_of(response, person):
    return [(f"{gap.starts_at:%H:%M}", gap.minutes) for gap in column_of(response, person).gaps]


def test_the_day_shows_everyone_with_their_hours_visits_and_gaps(admin_client, maya, service, location, make_visit):
    idle = factories.make_practitioner([service], name="Steve Hansen", position=2)
    make_visit(starts_at=NINE + 30 * MINUTES)
    response = admin_client.get(DESK)
    words = words_of(response)
    assert "Monday, November 23" in words
    assert "Maya Okafor 9:00–12:00 · 1 booked" in words
    assert "Steve Hansen Not working · 0 booked" in words
    assert "9:30 Alice Martin" in words
    assert gaps_of(response, maya) == [("10:15", 105)]
    assert gaps_of(response, idle) == []


def test_a_gap_shorter_than_the_shortest_visit_is_not_offered(admin_client, maya, make_visit):
    make_visit(starts_at=NINE + 30 * MINUTES)  # Half an hour before it: too short for 45 minutes.
    make_visit("Bob Berg", starts_at=NINE + 120 * MINUTES)
    assert gaps_of(admin_client.get(DESK), maya) == [("10:15", 45)]


def test_breaks_time_off_and_closures_are_shaded_and_named(admin_client, maya, location):
    Break.objects.create(practitioner=maya, weekday=0, start_time=time(10), end_time=time(10, 15))
    TimeOff.objects.create(
        practitioner=maya, starts_on=date(2026, 11, 23), start_time=time(11), ends_on=date(2026, 11, 23), note="Dentist"
    )
    labels = [(shade.label, shade.detail) for shade in column_of(admin_client.get(DESK), maya).shades]
    assert ("Break", "") in labels
    assert ("Away", "Dentist") in labels
    Closure.objects.create(location=location, on=date(2026, 11, 24), name="Founders Day")
    closed = column_of(admin_client.get(f"{DESK}?day=2026-11-24"), maya)
    assert [(shade.label, shade.detail, shade.is_closure) for shade in closed.shades] == [
        ("Closed", "Founders Day", True)
    ]
    assert closed.gaps == []


def test_the_reason_of_an_absence_is_hidden_from_roles_that_may_not_see_it(client, django_user_model, maya):
    TimeOff.objects.create(practitioner=maya, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 23), note="Surgery")
    user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_appointment"))
    client.force_login(user)
    words = words_of(client.get(DESK))
    assert "Away" in words
    assert "Surgery" not in words


def test_holds_and_offers_are_shown_and_expired_holds_are_not(admin_client, make_visit, now):
    make_visit(status="held", patient=None, starts_at=NINE, hold_expires_at=now + 9 * MINUTES)
    make_visit(status="held", patient=None, starts_at=NINE + 60 * MINUTES, hold_expires_at=now - MINUTES)
    words = words_of(admin_client.get(DESK))
    assert "9:00 Being booked online 9 minutes left" in words
    assert "10:00 Being booked online" not in words


def test_overlapping_visits_stand_side_by_side(admin_client, maya, make_visit):
    make_visit()
    make_visit("Bob Berg", starts_at=NINE + 30 * MINUTES, overbooked_reason="twins")
    lanes = [(block.cell.lane, block.cell.lanes) for block in column_of(admin_client.get(DESK), maya).blocks[:2]]
    assert lanes == [(1, 2), (2, 2)]


def test_cancelled_visits_are_counted_and_shown_on_request(admin_client, make_visit):
    make_visit("Carla Cohen", status="cancelled")
    response = admin_client.get(DESK)
    assert "1 cancelled ( show )" in words_of(response)
    assert "Carla Cohen" not in words_of(response)
    assert "Carla Cohen" in words_of(admin_client.get(f"{DESK}?cancelled=1"))


def test_the_numbers_of_the_day(admin_client, make_visit):
    make_visit(status="fulfilled", starts_at=NINE - 120 * MINUTES)
    make_visit("Bob Berg", status="noshow", starts_at=NINE - 60 * MINUTES)
    make_visit("Carla Cohen", status="arrived", is_first_visit=True)
    make_visit("Dev Ahmed", starts_at=NINE + 60 * MINUTES)
    numbers = admin_client.get(DESK).context["numbers"]
    assert (numbers.booked, numbers.here, numbers.done, numbers.no_show, numbers.first_visits) == (4, 1, 1, 1, 1)


def test_a_visit_late_in_the_evening_stands_on_its_local_day(admin_client, make_visit):
    make_visit("Late", datetime(2026, 11, 24, 3, 0, tzinfo=UTC))
    assert "9:00 Late" in words_of(admin_client.get(DESK))
    assert "Late" not in words_of(admin_client.get(f"{DESK}?day=2026-11-24"))


# The panel


def test_a_visits_panel_shows_contact_and_its_neighbours(admin_client, make_visit):
    patient = factories.make_patient(name="Hannah Redcrow", email="hannah@patients.example", phone="+14035550158")
    before = make_visit(patient=patient, starts_at=NINE - timedelta(days=7), status="fulfilled")
    visit = make_visit(patient=patient)
    words = words_of(admin_client.get(f"{DESK}?appointment={visit.reference}"))
    for text in ("Hannah Redcrow", "403-555-0158", "hannah@patients.example", "Mon, Nov 16", "No later visits"):
        assert text in words
    assert before.reference not in words


@pytest.mark.parametrize("query", ["?appointment=nobody", "?appointment=ABCD2345", "?day=banana", "?day=9999-12-31",
                                   "?with=x&at=9", "?with=maya-okafor&at=25:00", "?location=x"])  # fmt: skip
def test_a_bad_address_shows_today(admin_client, maya, query):
    response = admin_client.get(DESK + query)
    assert response.status_code == 200
    assert "Monday, November 23" in words_of(response)


def test_a_gaps_panel_names_who_waits_for_it(admin_client, maya, service, location, now):
    wish = factories.make_wish(service, location, name="Ruth Sampson", practitioner=maya)
    scheduling.join(wish=wish, now=now)
    response = admin_client.get(DESK)
    assert "1 waiting" in words_of(response)
    panel = words_of(admin_client.get(f"{DESK}?with={maya.slug}&at=09:00"))
    assert "Book with Maya" in panel
    assert "Ruth Sampson" in panel
    evening = factories.make_wish(service, location, name="Eve Ling", email="e@patients.example",
                                  parts=frozenset({"evening"}))  # fmt: skip
    scheduling.join(wish=evening, now=now)
    assert "Eve Ling" not in words_of(admin_client.get(f"{DESK}?with={maya.slug}&at=09:00"))


# Marks


def mark(client, visit, status, **data):
    return client.post(f"{DESK}appointments/{visit.reference}/status/", {"status": status, **data})


def test_a_visit_is_marked_and_the_mark_taken_back(admin_client, make_visit):
    visit = make_visit(starts_at=NINE - 90 * MINUTES)
    for status in ("arrived", "fulfilled", "noshow", "booked"):
        response = mark(admin_client, visit, status, back=f"{DESK}?day=2026-11-23")
        assert response["Location"] == f"{DESK}?day=2026-11-23"
        visit.refresh_from_db()
        assert visit.status == status
    assert list(visit.events.values_list("kind", flat=True)) == ["arrived", "fulfilled", "noshow", "mark_undone"]


def test_a_mark_that_cannot_be_true_yet_is_refused_with_the_reason(admin_client, make_visit):
    visit = make_visit(starts_at=NINE + timedelta(days=1))
    page = admin_client.get(f"{DESK}?appointment={visit.reference}").content.decode()
    assert page.count("disabled") == 3
    response = admin_client.post(f"{DESK}appointments/{visit.reference}/status/", {"status": "arrived"}, follow=True)
    assert "later day" in words_of(response)
    visit.refresh_from_db()
    assert visit.status == Status.BOOKED


@pytest.mark.parametrize("back", ["https://evil.example/desk/", "//evil.example", "/admin/", "javascript:alert(1)"])
def test_marking_never_leads_away_from_the_desk(admin_client, make_visit, back):
    visit = make_visit(starts_at=NINE - 90 * MINUTES)
    assert mark(admin_client, visit, "arrived", back=back)["Location"].startswith(f"{DESK}?day=")


def test_an_unknown_status_and_a_get_change_nothing(admin_client, make_visit):
    visit = make_visit()
    assert mark(admin_client, visit, "cancelled").status_code == 400
    assert admin_client.get(f"{DESK}appointments/{visit.reference}/status/").status_code == 405
    assert admin_client.post(f"{DESK}appointments/ABCD2345/status/", {"status": "arrived"}).status_code == 404
    visit.refresh_from_db()
    assert visit.status == Status.BOOKED


# Access


def test_the_desk_asks_for_a_login_and_keeps_the_address(client, db):
    response = client.get(f"{DESK}?day=2026-11-24")
    assert response.status_code == 302
    assert response["Location"].startswith("/staff/login/?next=/desk/")


def test_a_login_without_the_permission_is_refused(client, django_user_model, make_visit):
    visit = make_visit()
    client.force_login(django_user_model.objects.create_user("eve", password="x", is_staff=True))
    assert client.get(DESK).status_code == 403
    assert mark(client, visit, "arrived").status_code == 403
    client.force_login(django_user_model.objects.create_user("patient", password="x"))
    assert client.get(DESK).status_code == 403


def test_looking_needs_no_right_to_change(client, django_user_model, make_visit):
    visit = make_visit(starts_at=NINE - 90 * MINUTES)
    user = django_user_model.objects.create_user("vera", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_appointment"))
    client.force_login(user)
    assert "Mark here" not in words_of(client.get(DESK))
    assert mark(client, visit, "arrived").status_code == 403


def test_a_second_factor_is_required_where_the_office_requires_it(admin_client, settings, maya):
    settings.STAFF_SECOND_FACTOR = True
    assert admin_client.get(DESK)["Location"] == "/staff/second-factor/"


def test_nothing_of_the_desk_is_stored_and_scripts_have_the_offices_policy(admin_client, maya):
    response = admin_client.get(DESK)
    assert "no-store" in response["Cache-Control"]
    assert "script-src 'self'" in response["Content-Security-Policy"]


def test_the_access_log_names_everyone_whom_the_day_shows(admin_client, make_visit, admin_user):
    shown = {make_visit().patient, make_visit("Bob Berg", starts_at=NINE + 60 * MINUTES).patient}
    make_visit("Tomorrow", starts_at=NINE + timedelta(days=1))
    admin_client.get(DESK)
    entry = AccessLogEntry.objects.get()
    assert (entry.kind, entry.staff, entry.page) == ("day", admin_user, DESK)
    assert {person.patient for person in entry.people.select_related("patient")} == shown


def test_the_query_count_is_the_same_for_a_small_and_a_large_clinic(admin_client, make_visit, service, location, now):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(DESK).status_code == 200
        return len(queries)

    make_visit()
    small = count()
    for number in range(8):
        person = factories.make_practitioner([service], name=f"Person {number}")
        factories.make_hours(person, location)
        for hour in range(5):
            make_visit(f"Patient {number} {hour}", starts_at=NINE + hour * 60 * MINUTES, practitioner=person)
        scheduling.join(
            wish=factories.make_wish(service, location, name=f"W {number}", email=f"w{number}@patients.example"),
            now=now,
        )
    assert count() == small <= 26


def test_marking_uses_the_scheduling_commands(admin_client, make_visit, admin_user):
    visit = make_visit(starts_at=NINE - 90 * MINUTES)
    mark(admin_client, visit, "arrived")
    event = Appointment.objects.get(pk=visit.pk).events.get()
    assert (event.actor_kind, event.actor) == (Actor.staff(admin_user).kind, admin_user)


def test_a_practitioner_sees_and_marks_their_own_visits_only(as_practitioner, service, location, maya, make_visit):
    steve = factories.make_practitioner([service], name="Steve Hansen", position=2)
    factories.make_hours(steve, location)
    own, other = make_visit(), make_visit("Bob Berg", practitioner=steve)
    words = words_of(as_practitioner.get(f"{DESK}?appointment={other.reference}"))
    assert "Alice Martin" in words
    assert "Steve Hansen" not in words
    assert "Bob Berg" not in words
    assert "No appointment has this reference." in words
    for visit, expected in [(own, 302), (other, 404)]:
        url = f"{DESK}appointments/{visit.reference}/status/"
        assert as_practitioner.post(url, {"status": "arrived"}).status_code == expected
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.status, other.status) == (Status.ARRIVED, Status.BOOKED)


def test_a_practitioner_does_not_see_who_waits(as_practitioner, service, location, maya, now):
    scheduling.join(wish=factories.make_wish(service, location, name="Wanda Wait"), now=now)
    assert "Wanda Wait" not in words_of(as_practitioner.get(DESK))


def test_the_role_of_a_practitioner_opens_nothing_without_a_linked_practitioner(as_practitioner, maya):
    maya.user = None
    maya.save()
    assert as_practitioner.get(DESK).status_code == 403


def test_a_mark_can_be_undone_from_the_next_page_once(admin_client, make_visit):
    visit = make_visit()
    back = f"{DESK}?day=2026-11-23"
    url = f"{DESK}appointments/{visit.reference}/status/"
    response = admin_client.post(url, {"status": "arrived", "back": back}, follow=True)
    assert "Alice Martin: Here. Undo" in words_of(response)
    undo = response.context["undo"]
    assert (undo["url"], undo["fields"], undo["back"]) == (url, {"status": "booked"}, back)
    assert "Undo" not in words_of(admin_client.get(DESK))
    admin_client.post(undo["url"], {**undo["fields"], "back": undo["back"]})
    visit.refresh_from_db()
    assert visit.status == Status.BOOKED


@pytest.mark.parametrize("back", ["https://evil.example/desk/", "//evil.example/", "/admin/", "", "/desk/\r\nX: 1"])
def test_a_form_leads_back_to_the_calendar_whatever_it_says(admin_client, make_visit, back):
    visit = make_visit()
    response = admin_client.post(f"{DESK}appointments/{visit.reference}/status/", {"status": "arrived", "back": back})
    assert response.url == f"{DESK}?day=2026-11-23"


def test_htmx_is_sent_out_of_the_desk_by_an_order_to_load_the_page(admin_client, client, maya):
    htmx = {"HX-Request": "true"}
    assert admin_client.get("/admin/", headers=htmx)["HX-Redirect"] == "/admin/"
    assert admin_client.get(DESK, headers=htmx).status_code == 200
    admin_client.logout()
    assert admin_client.get(DESK, headers=htmx)["HX-Redirect"] == "/staff/login/?next=/desk/"
