"""Notes and tags on visits and patients: who reads and writes them, two people at once, and the calendar's marks."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import AccessLogEntry, PatientNote, Tag
from booking.scheduling import Actor, NoteChanged, note_version
from tests.support import factories
from tests.support.journey import words_of

DESK, PATIENTS = "/desk/", "/desk/patients/"
HINT = "For running the day, not a clinical record."

pytestmark = pytest.mark.django_db


def make_staff(name, role):
    user = get_user_model().objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def rita():
    return make_staff("rita", "Front desk")


@pytest.fixture
def steve():
    return make_staff("steve", "Practitioner")


@pytest.fixture
def visit(location, steve):
    service = factories.make_service()
    practitioner = factories.make_practitioner([service], user=steve)
    factories.make_hours(practitioner, location)
    patient = factories.make_patient(name="Hannah Redcrow")
    common = {"service": service, "location": location, "practitioner": practitioner}
    return factories.make_appointment(**common, patient=patient)


def panel_url(visit, do=""):
    return f"{DESK}?day={visit.local_on}&appointment={visit.reference}" + (f"&do={do}" if do else "")


def write(client, visit, text, audience="desk", seen="", **extra):
    data = {"text": text, "audience": audience, "seen": seen, "back": panel_url(visit, "note"), **extra}
    return client.post(f"{DESK}notes/visits/{visit.reference}/", data)


def write_on_patient(client, patient, text, audience="desk", seen=""):
    data = {"text": text, "audience": audience, "seen": seen}
    return client.post(f"{PATIENTS}{patient.pk}/note/", data)


# On a visit


def test_a_note_is_written_in_the_panel_and_shown_there(rita, visit):
    client = client_of(rita)
    page = client.get(panel_url(visit, "note"))
    assert HINT in words_of(page)
    response = write(client, visit, " Brings a walker.\r\nSpeak on her left. ")
    assert response.url == panel_url(visit)
    words = words_of(client.get(response.url))
    assert "Note saved." in words
    assert "Note for today Edit: Note for today Brings a walker.Speak on her left. rita, Mon, Nov 23, 2026" in words
    note = PatientNote.objects.get()
    assert (note.appointment, note.patient, note.audience, note.author) == (visit, visit.patient, "desk", rita)


def test_an_empty_text_deletes_the_note_and_can_be_undone(rita, visit, now):
    note = factories.make_note(visit.patient, appointment=visit, author=rita)
    client = client_of(rita)
    response = write(client, visit, "  ", seen=note_version(note))
    assert not PatientNote.objects.exists()
    undo = client.get(response.url).context["undo"]
    assert undo["sentence"] == "Note deleted."
    client.post(undo["url"], undo["fields"] | {"back": undo["back"]})
    assert PatientNote.objects.get().text == note.text


def test_the_second_of_two_who_edit_is_told_and_keeps_what_they_typed(rita, visit, admin_client, admin_user):
    note = factories.make_note(visit.patient, appointment=visit, author=rita, text="Old")
    assert write(admin_client, visit, "First", seen=note_version(note)).status_code == 302
    response = write(client_of(rita), visit, "Second", seen=note_version(note))
    words = words_of(response)
    assert response.status_code == 409
    assert "admin changed this note on Mon, Nov 23, 2026, 8:00 a.m." in words
    assert "“First”" in words
    assert response.context["note_form"]["text"].value() == "Second"
    assert PatientNote.objects.get().text == "First"
    again = write(client_of(rita), visit, "Second", seen=response.context["note_form"]["seen"].value())
    assert again.status_code == 302
    assert PatientNote.objects.get().text == "Second"


def test_a_note_written_meanwhile_is_not_lost(rita, visit):
    factories.make_note(visit.patient, appointment=visit, author=rita, text="First")
    assert write(client_of(rita), visit, "Second", seen="").status_code == 409
    assert PatientNote.objects.get().text == "First"


def test_a_note_deleted_meanwhile_keeps_what_was_typed(rita, visit):
    response = write(client_of(rita), visit, "Mine", seen="2026-11-20T00:00:00+00:00")
    assert response.status_code == 409
    assert "Somebody deleted this note" in words_of(response)
    assert response.context["note_form"]["text"].value() == "Mine"


def test_a_note_is_not_given_a_new_author_by_saving_it_unchanged(rita, visit, admin_client):
    note = factories.make_note(visit.patient, appointment=visit, author=rita)
    write(admin_client, visit, note.text, seen=note_version(note))
    assert PatientNote.objects.get().author == rita


@pytest.mark.parametrize(
    ("data", "status"),
    [({"text": "x" * 1001}, 422), ({"audience": "all"}, 422), ({"seen": "x" * 41}, 422), ({"text": "a\0b"}, 422)],
    ids=["too long", "no audience", "no version", "NUL"],
)
def test_bad_input_keeps_the_calendar_in_view_and_writes_nothing(rita, visit, data, status):
    response = write(client_of(rita), visit, **{"text": "Hello", "audience": "desk"} | data)
    assert response.status_code == status
    assert "Calendar" in words_of(response)
    assert not PatientNote.objects.exists()


@pytest.mark.parametrize("reference", ["nobody", "ABCD2345", "x" * 300])
def test_an_unknown_visit_is_not_found(rita, visit, reference):
    assert client_of(rita).post(f"{DESK}notes/visits/{reference}/", {"text": "x"}).status_code == 404


@pytest.mark.parametrize("back", ["https://evil.example/", "/admin/", "x" * 5000])
def test_a_form_from_elsewhere_leads_to_the_calendar(rita, visit, back):
    assert write(client_of(rita), visit, "Hello", back=back).url.startswith(f"{DESK}?day=")


# Audiences


def test_own_notes_are_read_by_their_author_and_the_owner_only(rita, steve, visit, admin_client):
    assert write(client_of(steve), visit, "Ask about the knee", audience="own").status_code == 302
    assert "Ask about the knee" in words_of(client_of(steve).get(panel_url(visit)))
    assert "Ask about the knee" in words_of(admin_client.get(panel_url(visit)))
    assert "Ask about the knee" not in words_of(client_of(rita).get(panel_url(visit)))
    assert "Ask about the knee" not in words_of(client_of(rita).get(f"{PATIENTS}{visit.patient_id}/"))
    owner = make_staff("olga", "Owner")
    assert "Ask about the knee" in words_of(client_of(owner).get(panel_url(visit)))


def test_each_author_has_an_own_note_and_the_desk_one_of_all(rita, steve, visit):
    write(client_of(steve), visit, "Steve's", audience="own")
    write(client_of(rita), visit, "Rita's", audience="own")
    write(client_of(rita), visit, "Desk")
    assert write(client_of(steve), visit, "Desk, too", audience="desk").status_code == 409
    assert PatientNote.objects.count() == 3


def test_a_practitioner_writes_about_own_visits_only(steve, visit):
    other = factories.make_appointment()
    assert write(client_of(steve), other, "Hello").status_code == 404
    assert write_on_patient(client_of(steve), other.patient, "Hello").status_code == 404
    assert write(client_of(steve), visit, "Hello").status_code == 302
    assert write_on_patient(client_of(steve), visit.patient, "Hello").status_code == 302
    assert PatientNote.objects.filter(patient=visit.patient).count() == 2


def test_a_role_without_notes_sees_none(visit, rita, django_user_model):
    factories.make_note(visit.patient, appointment=visit, author=rita, text="Brings a walker")
    officer = make_staff("pia", "Privacy officer")
    assert write(client_of(officer), visit, "Hello").status_code == 403
    user = django_user_model.objects.create_user("sam", is_staff=True)
    user.user_permissions.add(*Group.objects.get(name="Front desk").permissions.filter(codename="view_appointment"))
    page = client_of(user).get(panel_url(visit))
    assert page.status_code == 200
    assert "Brings a walker" not in words_of(page)
    assert "has a note" not in words_of(page)


def test_the_command_checks_the_version_itself(rita, visit, now):
    note = factories.make_note(visit.patient, author=rita)
    desk, by = PatientNote.Audience.DESK, Actor.staff(rita)
    with pytest.raises(NoteChanged) as raised:
        scheduling.save_note(patient=visit.patient, audience=desk, text="New", seen="", by=by, now=now)
    assert raised.value.current == note


# On a patient


def test_a_note_on_a_patient_stands_above_that_of_the_visit(rita, visit):
    client = client_of(rita)
    response = write_on_patient(client, visit.patient, "Uses a wheelchair.")
    assert response.url == f"{PATIENTS}{visit.patient_id}/"
    assert "Uses a wheelchair." in words_of(client.get(response.url))
    write(client, visit, "Late by ten minutes.")
    words = words_of(client.get(panel_url(visit)))
    assert words.index("About Hannah Redcrow Uses a wheelchair.") < words.index("Late by ten minutes.")


def test_a_refused_note_on_a_patient_shows_the_record_with_what_was_typed(rita, visit):
    factories.make_note(visit.patient, author=rita, text="First")
    response = write_on_patient(client_of(rita), visit.patient, "Second")
    assert response.status_code == 409
    assert response.context["note_form"]["text"].value() == "Second"
    assert "Hannah Redcrow" in words_of(response)
    assert AccessLogEntry.objects.filter(kind="record").exists()


# The calendar


def block_of(response, visit):
    columns = response.context["board"].columns
    return next(block for column in columns for block in column.blocks if block.appointment == visit)


def test_the_calendar_marks_notes_and_alert_tags(rita, visit):
    visit.patient.tags.add(Tag.objects.create(name="Interpreter", is_alert=True), Tag.objects.create(name="VIP"))
    day = f"{DESK}?day={visit.local_on}"
    assert not block_of(client_of(rita).get(day), visit).has_note
    write(client_of(rita), visit, "Brings a walker.")
    page = client_of(rita).get(day)
    assert block_of(page, visit).has_note
    assert [tag.name for tag in block_of(page, visit).alerts] == ["Interpreter"]
    assert "has a note Interpreter" in words_of(page)


def test_a_colleagues_own_note_marks_nothing(rita, steve, visit):
    write(client_of(steve), visit, "Mine", audience="own")
    day = f"{DESK}?day={visit.local_on}"
    assert not block_of(client_of(rita).get(day), visit).has_note
    assert block_of(client_of(steve).get(day), visit).has_note


def test_notes_and_tags_add_no_query_for_each_visit(rita, visit):
    client, tag = client_of(rita), Tag.objects.create(name="Interpreter", is_alert=True)

    def add(number):
        other = factories.make_appointment(
            service=visit.service, location=visit.location, practitioner=visit.practitioner,
            starts_at=visit.starts_at + timedelta(hours=number),
        )  # fmt: skip
        factories.make_note(other.patient, appointment=other, author=rita)
        other.patient.tags.add(tag)

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(panel_url(visit))
        return len(queries)

    add(1)
    client.get(panel_url(visit))
    with_one = count()
    for number in (2, 3, 4):
        add(number)
    assert count() == with_one


# Tags


def change_tag(client, patient, **data):
    return client.post(f"{PATIENTS}{patient.pk}/tags/", data)


def test_a_tag_is_added_and_removed_from_record_and_panel(rita, visit):
    client, tag = client_of(rita), Tag.objects.create(name="Interpreter")
    assert "Add Interpreter" in words_of(client.get(panel_url(visit)))
    assert change_tag(client, visit.patient, add=tag.pk, back=panel_url(visit)).url == panel_url(visit)
    assert list(visit.patient.tags.all()) == [tag]
    response = change_tag(client, visit.patient, remove=tag.pk)
    assert response.url == f"{PATIENTS}{visit.patient_id}/"
    assert not visit.patient.tags.exists()
    undo = client.get(response.url).context["undo"]
    client.post(undo["url"], undo["fields"])
    assert list(visit.patient.tags.all()) == [tag]


@pytest.mark.parametrize("data", [{}, {"add": "x"}, {"add": "999"}, {"remove": "9" * 30}, {"add": "\0"}], ids=str)
def test_an_unknown_tag_is_refused(rita, visit, data):
    assert change_tag(client_of(rita), visit.patient, **data).status_code == 400


def test_practitioners_tag_own_patients_only(steve, visit):
    tag, other = Tag.objects.create(name="Interpreter"), factories.make_patient()
    change_tag(client_of(steve), visit.patient, add=tag.pk)
    change_tag(client_of(steve), other, add=tag.pk)
    assert list(tag.patients.all()) == [visit.patient]


def test_only_the_owner_keeps_the_list_of_tags(rita, admin_client):
    data = {"name": "Interpreter", "tone": "straw", "is_alert": "on", "position": "1"}
    assert client_of(rita).post("/admin/booking/tag/add/", data).status_code == 403
    assert client_of(make_staff("olga", "Owner")).post("/admin/booking/tag/add/", data).status_code == 302
    assert Tag.objects.get().is_alert
