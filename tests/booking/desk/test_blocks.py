"""Blocked time at the desk: the panel, the visits inside, undo, and who may do it."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Appointment, Closure, Message, TimeOff
from tests.support import factories

DESK = "/desk/"
BLOCK = "/desk/blocks/"
RESOLVE = "/desk/visits/resolve/"
TODAY = date(2026, 11, 23)  # Monday; it is 8:00 a.m.
NINE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clinic(db):
    return factories.make_clinic()


@pytest.fixture
def service():
    return factories.make_service(name="Pelvic health", duration=HOUR, buffer_after=timedelta(0))


@pytest.fixture
def maya(service, location):
    maya = factories.make_practitioner([service], name="Maya Okafor", slug="maya", position=1)
    factories.make_hours(maya, location)
    return maya


@pytest.fixture
def steve(service, location):
    steve = factories.make_practitioner([service], name="Steve Hansen", slug="steve", position=2)
    factories.make_hours(steve, location)
    return steve


@pytest.fixture
def make_visit(service, location, maya):
    def make_visit(name="Alice Martin", hours=0, email="alice@patients.example", **fields):
        patient = factories.make_patient(name=name, email=email)
        common = {"practitioner": maya, "service": service, "location": location, "patient": patient}
        return factories.make_appointment(**common | {"starts_at": NINE + hours * HOUR} | fields)

    return make_visit


@pytest.fixture
def login(client, django_user_model):
    def login(*permissions, role="", practitioner=None):
        user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        if role:
            user.groups.add(Group.objects.get(name=role))
        if practitioner:
            practitioner.user = user
            practitioner.save()
        client.force_login(user)
        return client

    return login


def form(*visits, **fields):
    """The form for Maya from nine to twelve today, after these visits were shown."""
    values = {"who": ["maya"], "starts_on": "2026-11-23", "start_time": "09:00", "ends_on": "2026-11-23",
              "end_time": "12:00", "kind": "sick", "note": "", "weeks": "1", "write": "ask",
              "seen": ",".join(str(visit.pk) for visit in visits), "back": f"{DESK}?day=2026-11-23"}  # fmt: skip
    return {name: value for name, value in (values | fields).items() if value is not None}


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def messages_to_patients():
    rows = Message.objects.filter(appointment__isnull=False).exclude(kind__in=["clinic_notice", "reminder"])
    return list(rows.order_by("pk").values_list("kind", "appointment__patient__name"))


# Before it is written


def test_the_panel_opens_on_a_gap_with_the_person_and_an_hour(admin_client, maya, steve):
    response = admin_client.get(f"{DESK}?do=block&with=maya&at=10:00")
    initial = response.context["form"].initial
    assert (initial["who"], initial["start_time"], initial["end_time"]) == (["maya"], time(10), time(11))
    assert "Block 10:00 a.m. to 11:00 a.m." in words_of(response)


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("hour", (time(8), time(9), TODAY, "")),
        ("morning", (time(8), time(12), TODAY, "")),
        ("day", (time(8), None, TODAY, "")),
        ("days", (None, None, TODAY + timedelta(days=1), "")),
        ("sick", (time(8), None, TODAY, "sick")),
        ("\x00", (time(8), time(9), TODAY, "")),
    ],
)
def test_a_preset_fills_in_the_times_and_writes_nothing(admin_client, maya, preset, expected):
    data = form(preset=preset, start_time="", end_time="", kind="", write=None)
    response = admin_client.post(BLOCK, data)
    assert response.status_code == 200
    initial = response.context["form"].initial
    assert (initial["start_time"], initial["end_time"], initial["ends_on"], initial["kind"]) == expected
    assert initial["who"] == ["maya"]
    assert not TimeOff.objects.exists()


def test_the_visits_inside_are_shown_with_what_is_possible_before_anything_is_written(
    admin_client, maya, steve, make_visit, service, location
):
    make_visit()
    make_visit("Bob Berg", 2, email="")
    factories.make_appointment(practitioner=steve, service=service, location=location, starts_at=NINE + 2 * HOUR)
    response = admin_client.post(BLOCK, form(seen="", write="ask"))
    assert response.status_code == 422
    words = words_of(response)
    for text in ("2 visits are in this time", "9:00 Alice Martin", "Give to Steve", "No one else is free then.",
                 "No email address: please call.", "Nothing is blocked yet"):  # fmt: skip
        assert text in words
    assert not TimeOff.objects.exists()
    steve.practitioner_services.all().delete()
    assert "No one else offers Pelvic health." in words_of(admin_client.post(BLOCK, form(write=None)))


def test_someone_who_is_blocked_too_is_no_substitute(admin_client, maya, steve, make_visit):
    make_visit()
    assert "Give to Steve" in words_of(admin_client.post(BLOCK, form(write=None)))
    assert "Give to Steve" not in words_of(admin_client.post(BLOCK, form(write=None, who=["maya", "steve"])))


def test_a_visit_booked_since_the_visits_were_shown_is_shown_before_anything_is_written(admin_client, maya, make_visit):
    seen = make_visit()
    make_visit("Bob Berg", 1)
    response = admin_client.post(BLOCK, form(seen))
    assert response.status_code == 422
    assert "Bob Berg" in words_of(response)
    assert not TimeOff.objects.exists()


# Writing


def test_blocking_writes_the_block_then_gives_and_emails_as_chosen(admin_client, admin_user, maya, steve, make_visit):
    given, asked, called = make_visit(), make_visit("Bob Berg", 1), make_visit("Cy Dee", 2, email="")
    data = form(given, asked, called, **{f"give-{given.pk}": steve.pk})
    response = admin_client.post(BLOCK, data, follow=True)
    row = TimeOff.objects.get()
    assert (row.practitioner, row.kind, row.start_time, row.end_time) == (maya, "sick", time(9), time(12))
    assert row.created_by == admin_user
    given.refresh_from_db()
    assert given.practitioner == steve
    assert ("move_requested", "Bob Berg") in messages_to_patients()
    assert {name for _kind, name in messages_to_patients()} == {"Alice Martin", "Bob Berg"}
    words = words_of(response)
    for text in ("Blocked: Maya, Mon, Nov 23, 9:00 a.m. to 12:00 p.m. Undo", "1 visit given away.",
                 "1 patient will get an email", "Maya is away", "Sick", "Please call",
                 "Cy Dee, 403-555-0123"):  # fmt: skip
        assert text in words
    assert "Alice Martin" not in words[words.index("Maya is away") :]


def test_blocking_without_emails_tells_nobody(admin_client, maya, make_visit):
    visit = make_visit()
    admin_client.post(BLOCK, form(visit, write="only"))
    assert TimeOff.objects.count() == 1
    assert messages_to_patients() == []


def test_undo_removes_the_whole_batch_once_and_no_visit(admin_client, maya, steve, make_visit):
    visit = make_visit()
    response = admin_client.post(BLOCK, form(visit, who=["maya", "steve"], weeks="3", write="only"), follow=True)
    assert TimeOff.objects.count() == 6
    undo = response.context["undo"]
    assert "Removed." in words_of(admin_client.post(undo["url"], {"back": undo["back"]}, follow=True))
    assert not TimeOff.objects.exists()
    assert "removed already" in words_of(admin_client.post(undo["url"], {"back": undo["back"]}, follow=True))
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_whole_days_of_the_whole_clinic_are_a_closure_and_hours_block_everyone(admin_client, maya, steve):
    days = {"who": [], "everyone": "on", "start_time": "", "end_time": ""}
    assert admin_client.post(BLOCK, form(**days)).status_code == 422  # Patients see why.
    response = admin_client.post(BLOCK, form(**days, note="Burst pipe"), follow=True)
    assert Closure.objects.get().name == "Burst pipe"
    assert "Blocked: Whole clinic, Mon, Nov 23, all day. Undo" in words_of(response)
    undo = response.context["undo"]
    admin_client.post(undo["url"], {"back": undo["back"]})
    assert not Closure.objects.exists()
    admin_client.post(BLOCK, form(who=[], everyone="on"))
    assert {row.practitioner for row in TimeOff.objects.all()} == {maya, steve}


@pytest.mark.parametrize(
    "wrong",
    [
        {"who": []},
        {"who": ["nobody"]},
        {"who": ["maya\x00"]},
        {"starts_on": ""},
        {"starts_on": "banana"},
        {"starts_on": "0001-01-01", "ends_on": "0001-01-01"},
        {"starts_on": "9999-12-31", "ends_on": "9999-12-31", "weeks": "26"},
        {"ends_on": "2026-11-22"},
        {"ends_on": "2028-11-22"},
        {"start_time": "25:00"},
        {"end_time": "09:00"},
        {"kind": "hangover"},
        {"note": "a\x00b" * 300},
        {"weeks": "27"},
        {"weeks": "-1"},
        {"weeks": "9" * 400},
        {"weeks": "2", "ends_on": "2026-12-01"},
    ],
)
def test_impossible_values_are_refused_in_the_panel(admin_client, maya, wrong):
    response = admin_client.post(BLOCK, form(**wrong))
    assert response.status_code == 422
    assert "Block time" in words_of(response)
    assert not TimeOff.objects.exists()


@pytest.mark.parametrize("seen", ["", "x", "0,\x00", "9" * 500])
def test_odd_values_of_hidden_fields_write_nothing(admin_client, maya, make_visit, seen):
    visit = make_visit()
    data = form(seen=seen, **{f"give-{visit.pk}": "\x00"})
    assert admin_client.post(BLOCK, data).status_code == 422
    assert not TimeOff.objects.exists()


# Afterwards


@pytest.fixture
def block(maya):
    def block(**fields):
        span = {"starts_on": TODAY, "ends_on": TODAY, "start_time": time(9), "end_time": time(12)}
        return TimeOff.objects.create(**{"practitioner": maya, "kind": "sick", "note": "Flu"} | span | fields)

    return block


def away_shades(response, person):
    column = next(column for column in response.context["board"].columns if column.practitioner == person)
    return [(shade.label, shade.detail, shade.cell.row, shade.cell.rows) for shade in column.shades if shade.time_off]


def test_each_block_is_a_shade_that_leads_to_its_panel(admin_client, maya, block):
    morning, later = block(), block(start_time=time(12), end_time=None, kind="course", note="")
    response = admin_client.get(DESK)
    assert away_shades(response, maya) == [("Away", "Sick: Flu", 1, 36), ("Away", "Course", 37, 60)]
    assert f"do=away&amp;block={morning.pk}" in response.content.decode()
    panel = words_of(admin_client.get(f"{DESK}?do=away&block={later.pk}"))
    assert "Maya is away" in panel
    assert "from 12:00 p.m. on Course" in panel


def test_several_days_are_shown_on_each_of_them(admin_client, maya, block):
    block(ends_on=TODAY + timedelta(days=2), start_time=time(15), end_time=time(10))
    shown = [away_shades(admin_client.get(f"{DESK}?day={TODAY + timedelta(days=days)}"), maya) for days in range(-1, 4)]
    rows = [[(row, rows) for _label, _detail, row, rows in shades] for shades in shown]
    assert rows[1:4] == [[(73, 24)], [(1, 96)], [(1, 12)]]
    assert rows[0] == rows[4] == []


def test_the_panel_lists_the_visits_inside_and_resolves_them(admin_client, maya, steve, make_visit, block):
    given, asked, cancelled = make_visit(), make_visit("Bob Berg", 1), make_visit("Cy Dee", 2)
    row = block()
    back = f"{DESK}?day=2026-11-23&do=away&block={row.pk}"
    panel = words_of(admin_client.get(back))
    for text in ("3 visits are in this time", "Give to Steve", "Move"):
        assert text in panel
    response = admin_client.post(RESOLVE, {"give": f"{given.pk}-{steve.pk}", "back": back})
    assert response.url == back
    response = admin_client.post(RESOLVE, {"ask": "1", "visit": [asked.pk], "back": back}, follow=True)
    assert "1 patient will get an email" in words_of(response)
    response = admin_client.post(
        RESOLVE, {"cancel": "1", "visit": [cancelled.pk], "reason": "Ill", "back": back}, follow=True
    )
    assert [Appointment.objects.get(pk=visit.pk).status for visit in (given, asked, cancelled)] == [
        "booked", "booked", "cancelled",
    ]  # fmt: skip
    given.refresh_from_db()
    asked.refresh_from_db()
    assert given.practitioner == steve
    assert asked.asked_to_move_at is not None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"ask": "1"},
        {"ask": "1", "visit": ["x", "\x00", "9" * 40, "0"]},
        {"give": ""},
        {"give": "1"},
        {"give": "x-y"},
        {"give": "\x00-1"},
        {"give": f"{'9' * 40}-1"},
        {"cancel": "1", "reason": "\x00"},
    ],
)
def test_odd_values_resolve_nothing(admin_client, make_visit, data):
    make_visit()
    assert admin_client.post(RESOLVE, data).status_code == 302
    assert Appointment.objects.get().status == "booked"
    assert messages_to_patients() == []


def test_someone_who_is_not_free_is_not_given_the_visit(admin_client, maya, steve, make_visit, service, location):
    visit = make_visit()
    factories.make_appointment(practitioner=steve, service=service, location=location, starts_at=NINE)
    response = admin_client.post(RESOLVE, {"give": f"{visit.pk}-{steve.pk}"}, follow=True)
    assert "already has an appointment" in words_of(response)
    visit.refresh_from_db()
    assert visit.practitioner == maya


def test_a_patient_who_is_here_is_named_and_cannot_be_emailed(admin_client, make_visit, block):
    visit = make_visit(status="arrived")
    panel = words_of(admin_client.get(f"{DESK}?do=away&block={block().pk}"))
    assert "Here already" in panel
    admin_client.post(RESOLVE, {"ask": "1", "visit": [visit.pk]})
    assert messages_to_patients() == []


def test_a_block_is_changed_and_removed(admin_client, maya, block):
    row = block()
    back = f"{DESK}?day=2026-11-23&do=away&block={row.pk}"
    values = {"starts_on": "2026-11-23", "start_time": "13:00", "ends_on": "2026-11-23", "end_time": "00:00",
              "kind": "course", "note": "First aid", "back": back}  # fmt: skip
    assert admin_client.post(f"{BLOCK}{row.pk}/change/", values).url == back
    row.refresh_from_db()
    assert (row.start_time, row.end_time, row.kind, row.note) == (time(13), None, "course", "First aid")
    refused = admin_client.post(f"{BLOCK}{row.pk}/change/", values | {"end_time": "12:00"})
    assert refused.status_code == 422
    assert "The end has to be after the start." in words_of(refused)
    assert admin_client.post(f"{BLOCK}{row.pk}/remove/", {"back": back}).url == f"{DESK}?day=2026-11-23"
    assert not TimeOff.objects.exists()
    assert admin_client.post(f"{BLOCK}{row.pk}/remove/").status_code == 404


@pytest.mark.parametrize("query", ["do=away", "do=away&block=x", "do=away&block=0", f"do=away&block={'9' * 30}",
                                   "do=visits", "do=visits&with=x", "do=block&with=x&at=\x00", "do=block&preset=x",
                                   "do=block&at=10:00%2B05:00"])  # fmt: skip
def test_bad_parameters_show_the_calendar(admin_client, maya, query):
    assert admin_client.get(f"{DESK}?{query}").status_code == 200


def test_the_visits_of_a_persons_day_are_listed_with_the_way_to_block_it(admin_client, maya, make_visit):
    make_visit()
    make_visit("Over", -1, status="booked")
    make_visit("Tomorrow", 24)
    panel = words_of(admin_client.get(f"{DESK}?do=visits&with=maya"))
    panel = panel[panel.index("Visits with Maya") :]
    assert "Alice Martin" in panel
    assert "These hours are still open." in panel
    assert "Tomorrow" not in panel


@pytest.mark.parametrize("address", ["do=away&block={block}", "do=visits&block={block}", "do=block&with=maya&at=09:00"])
def test_the_number_of_queries_does_not_grow_with_the_visits_inside(
    admin_client, maya, steve, make_visit, block, address
):
    row = block(end_time=None)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(f"{DESK}?{address.format(block=row.pk)}").status_code == 200
        return len(queries)

    make_visit()
    small = count()
    for hours in range(1, 6):
        make_visit(f"Patient {hours}", hours)
    assert count() == small <= 38


# Conflicts


def test_visits_outside_hours_are_listed_and_resolved(admin_client, maya, steve, make_visit, block):
    visit = make_visit()
    assert "None. All upcoming appointments are within hours." in words_of(admin_client.get("/desk/conflicts/"))
    block()
    words = words_of(admin_client.get("/desk/conflicts/"))
    for text in ("Alice Martin", "Time off", "Give to Steve"):
        assert text in words
    response = admin_client.post(RESOLVE, {"give": f"{visit.pk}-{steve.pk}", "from": "conflicts"})
    assert response.url == "/desk/conflicts/"
    assert "Alice Martin is now with Steve Hansen. They will get" in words_of(admin_client.get("/desk/conflicts/"))
    assert "Alice Martin" not in words_of(admin_client.get("/desk/conflicts/"))


def test_two_peoples_conflicts_can_be_given_to_each_other(admin_client, maya, steve, make_visit, block):
    make_visit()
    make_visit("Bob Berg", 5, practitioner=steve)
    block()
    block(practitioner=steve, start_time=time(13), end_time=time(17))
    words = words_of(admin_client.get("/desk/conflicts/"))
    assert "Give to Steve" in words
    assert "Give to Maya" in words


# Access


def test_a_practitioner_blocks_and_removes_their_own_time_only(login, maya, steve, make_visit, block):
    client = login(role="Practitioner", practitioner=maya)
    other = block(practitioner=steve)
    own = make_visit()
    foreign = make_visit("Bob Berg", practitioner=steve)
    page = client.get(f"{DESK}?do=block")
    assert "Steve" not in words_of(page)
    assert client.post(BLOCK, form(own, foreign, who=["steve"])).status_code == 422
    assert client.post(BLOCK, form(own, everyone="on", who=[], start_time="", end_time="", note="x")).status_code == 422
    assert client.post(BLOCK, form(own)).status_code == 302
    assert TimeOff.objects.filter(practitioner=maya).count() == 1
    assert client.get(f"{DESK}?do=away&block={other.pk}").context["panel"] == "desk/calendar/_rest.html"
    assert client.post(f"{BLOCK}{other.pk}/remove/").status_code == 404
    assert client.post(f"{BLOCK}{other.pk}/change/").status_code == 404
    other.batch = "00000000-0000-0000-0000-000000000001"
    other.save()
    client.post(f"{BLOCK}batches/{other.batch}/remove/")
    assert TimeOff.objects.filter(pk=other.pk).exists()
    client.post(RESOLVE, {"ask": "1", "visit": [own.pk, foreign.pk]})
    assert messages_to_patients() == [("move_requested", "Alice Martin")]
    client.post(RESOLVE, {"cancel": "1", "visit": [own.pk], "reason": ""})
    client.post(RESOLVE, {"give": f"{own.pk}-{steve.pk}"})
    own.refresh_from_db()
    assert (own.status, own.practitioner) == ("booked", maya)


@pytest.mark.parametrize("permissions", [["view_appointment"], ["block_time"], ["block_own_time"], []])
def test_blocking_needs_the_right_to_block_and_to_see_the_calendar(login, maya, make_visit, block, permissions):
    client, row, visit = login(*permissions), block(), make_visit()
    for url in (BLOCK, f"{BLOCK}{row.pk}/remove/", f"{BLOCK}{row.pk}/change/",
                f"{BLOCK}batches/00000000-0000-0000-0000-000000000001/remove/"):  # fmt: skip
        assert client.post(url, form(visit)).status_code == 403
    assert client.post(RESOLVE, {"ask": "1", "visit": [visit.pk]}).status_code == 403
    assert TimeOff.objects.count() == 1
    assert client.get("/desk/conflicts/").status_code == (200 if "view_appointment" in permissions else 403)


def test_who_may_block_but_not_change_visits_emails_and_gives_none(login, maya, steve, make_visit):
    client, visit = login("view_appointment", "block_time"), make_visit()
    client.post(BLOCK, form(visit, **{f"give-{visit.pk}": steve.pk}))
    assert TimeOff.objects.count() == 1
    visit.refresh_from_db()
    assert (visit.practitioner, messages_to_patients()) == (maya, [])


def test_the_reason_shows_only_to_who_may_see_time_off(login, maya, block):
    row = block()
    client = login("view_appointment", "block_time")
    page = client.get(f"{DESK}?do=away&block={row.pk}").content.decode()
    assert "Maya is away" in page
    assert "Flu" not in page
    assert "Sick" not in page
    assert client.post(f"{BLOCK}{row.pk}/remove/").status_code == 302


def test_the_log_names_everyone_in_the_panel(admin_client, make_visit, block, maya):
    from booking.models import AccessLogPerson

    visit = make_visit("Next week", 24)
    row = block(ends_on=TODAY + timedelta(days=3))
    admin_client.get(f"{DESK}?do=away&block={row.pk}")
    assert AccessLogPerson.objects.filter(patient=visit.patient).exists()
