"""A patient's health form at the desk: who sees that it is missing, who may read it, and that each look is logged."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from booking.models import AccessLogEntry, Appointment, IntakeAnswers
from tests.booking.desk.conftest import NINE, words_of
from tests.support import factories, intake

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(make_visit, service):
    factories.make_clinic()
    service.intake_form = intake.make_form()
    service.save()
    return make_visit(starts_at=NINE)


@pytest.fixture
def as_front_desk(client, django_user_model):
    user = django_user_model.objects.create_user("dana", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Front desk"))
    client.force_login(user)
    return client


def address(visit):
    return f"/desk/appointments/{visit.reference}/form/"


def panel(client, visit):
    return words_of(client.get(f"/desk/?day=2026-11-23&appointment={visit.reference}"))


def test_the_desk_sees_how_far_a_form_is_and_may_not_read_it(as_front_desk, visit):
    assert "Form missing" in panel(as_front_desk, visit)
    intake.fill_in(visit, is_sent=False)
    assert "Form in part" in panel(as_front_desk, visit)
    intake.fill_in(visit)
    page = panel(as_front_desk, visit)
    assert "Form done" in page
    assert "Read it" not in page
    assert as_front_desk.get(address(visit)).status_code == 403
    assert as_front_desk.post(address(visit), {"seen": ""}).status_code == 403


def test_a_visit_without_a_form_says_nothing_of_one(as_front_desk, make_visit):
    assert "Form" not in panel(as_front_desk, make_visit())


def test_a_practitioner_reads_the_form_of_their_own_visit_in_one_view(as_practitioner, visit):
    intake.fill_in(visit)
    assert "Read it" in panel(as_practitioner, visit)
    page = words_of(as_practitioner.get(address(visit)))
    for words in ("It hurts when I lift my &lt;daughter&gt;", "7 out of 10", "Neck, Lower back", "A week", "Yes"):
        assert words in page
    assert "Alice Martin" in page


def test_a_practitioner_finds_no_form_of_anothers_visit(as_practitioner, visit, service, location):
    other = factories.make_appointment(service=service, location=location, starts_at=NINE)
    intake.fill_in(other)
    assert as_practitioner.get(address(other)).status_code == 404
    assert as_practitioner.post(address(other), {"seen": ""}).status_code == 404


class TestOwnPatients:
    """A practitioner's visit of long ago, or a cancelled one alone, makes nobody their patient."""

    @pytest.fixture(params=["long ago", "cancelled"])
    def old_visit(self, request, visit):
        intake.fill_in(visit)
        if request.param == "cancelled":
            Appointment.objects.update(status="cancelled")
        else:
            Appointment.objects.update(starts_at=NINE - timedelta(days=800), ends_at=NINE - timedelta(days=799))
        visit.refresh_from_db()
        return visit

    def test_the_form_of_a_former_patient_asks_for_a_reason(self, as_practitioner, old_visit):
        record = f"/desk/patients/{old_visit.patient_id}/"
        row = IntakeAnswers.objects.get()
        assert as_practitioner.get(address(old_visit))["Location"] == record
        assert as_practitioner.post(address(old_visit), {"seen": row.updated_at.isoformat()})["Location"] == record
        row.refresh_from_db()
        assert row.read_at is None
        assert not AccessLogEntry.objects.exists()

    def test_with_a_reason_it_opens_and_the_log_keeps_the_reason(self, as_practitioner, old_visit):
        as_practitioner.post(f"/desk/patients/{old_visit.patient_id}/open/", {"reason": "I cover for Mei Lin"})
        assert "7 out of 10" in words_of(as_practitioner.get(address(old_visit)))
        assert AccessLogEntry.objects.get(page=address(old_visit)).reason == "I cover for Mei Lin"

    def test_the_visit_links_to_it_only_if_it_opens(self, as_practitioner, old_visit):
        address_of_panel = f"/desk/?day={old_visit.local_on}&appointment={old_visit.reference}"
        page = words_of(as_practitioner.get(address_of_panel))
        assert "Form done" in page
        assert "Read it" not in page

    def test_the_owner_needs_no_reason(self, admin_client, old_visit):
        assert "7 out of 10" in words_of(admin_client.get(address(old_visit)))


def test_nothing_is_missing_at_a_visit_of_an_earlier_day(as_front_desk, visit, make_visit):
    earlier = make_visit(patient=visit.patient, starts_at=NINE - timedelta(days=3))
    page = words_of(as_front_desk.get(f"/desk/?day=2026-11-20&appointment={earlier.reference}"))
    assert "Alice Martin" in page
    assert "Form missing" not in page


def test_the_owner_reads_every_form(admin_client, visit):
    intake.fill_in(visit)
    assert "7 out of 10" in words_of(admin_client.get(address(visit)))


def test_every_look_is_in_the_access_log(as_practitioner, visit):
    intake.fill_in(visit)
    for _ in range(2):
        as_practitioner.get(address(visit))
    entries = AccessLogEntry.objects.filter(page=address(visit))
    assert [(entry.kind, entry.staff.username) for entry in entries] == [("record", "maya")] * 2
    assert {person.patient for entry in entries for person in entry.people.all()} == {visit.patient}


def test_it_is_marked_as_read_by_whom_and_when(as_practitioner, visit):
    row = intake.fill_in(visit)
    page = as_practitioner.post(address(visit), {"seen": row.updated_at.isoformat()}, follow=True)
    assert "Read by maya" in words_of(page)
    row.refresh_from_db()
    assert (row.read_by.username, row.read_at) == ("maya", timezone.now())
    assert "Form read" in panel(as_practitioner, visit)


@pytest.mark.parametrize("seen", ["", "x", "2026-11-23", "2026-11-23T08:00:00", "2020-01-01T08:00:00+00:00", "9" * 300])
def test_what_was_not_shown_is_not_marked(as_practitioner, visit, seen):
    intake.fill_in(visit)
    page = as_practitioner.post(address(visit), {"seen": seen}, follow=True)
    assert "Nothing was marked" in words_of(page)
    assert IntakeAnswers.objects.get().read_at is None


def test_a_missing_form_and_a_lost_key_are_said_in_words(as_practitioner, visit, settings):
    assert "The patient hasn't filled in a form for this visit." in words_of(as_practitioner.get(address(visit)))
    as_practitioner.post(address(visit), {"seen": ""})
    intake.fill_in(visit)
    settings.FORMS_KEYS = []
    page = as_practitioner.get(address(visit))
    assert "These answers can't be opened" in words_of(page)
    assert page.status_code == 200


def test_my_day_shows_missing_part_and_done(as_practitioner, visit, make_visit):
    assert "Form missing" in words_of(as_practitioner.get("/desk/my-day/"))
    later = make_visit("Bob Reed", starts_at=NINE + 2 * (visit.ends_at - visit.starts_at))
    intake.fill_in(later, is_sent=False)
    intake.fill_in(visit)
    page = as_practitioner.get("/desk/my-day/")
    assert "Form done" in words_of(page)
    assert "Form in part" in words_of(page)
    assert address(visit) in page.content.decode()


def test_a_patient_whose_details_were_removed_has_no_form(admin_client, visit):
    visit.patient.disposed_at = timezone.now()
    visit.patient.save()
    assert admin_client.get(address(visit)).status_code == 404
