"""A practitioner's whole day: asked to move, handed on or cancelled, and everybody concerned told once."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from booking.models import Appointment, Message, TimeOff
from tests import make

PATIENTS = ["Alice Martin", "Bogdan Ionescu", "Charlie Okafor"]


@pytest.fixture(autouse=True)
def _today(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""


@pytest.fixture(autouse=True)
def clinic(db):
    return make.make_clinic()


@pytest.fixture
def service():
    return make.make_service()


@pytest.fixture
def steve(service, location):
    made = make.make_practitioner([service])
    make.make_hours(made, location)
    return made


@pytest.fixture
def visits(service, location, steve):
    """Three on Tuesday, at 11:15, 12:15 and 1:15; another on Wednesday, and somebody else's."""
    make.make_appointment(
        service=service, location=location, practitioner=steve, starts_at=make.VISIT_AT + timedelta(days=1)
    )
    make.make_appointment(service=service, location=location)
    return [
        make.make_appointment(
            service=service,
            location=location,
            practitioner=steve,
            starts_at=make.VISIT_AT + timedelta(hours=hour),
            patient=make.make_patient(name=name, email=f"{name[:3].lower()}@patients.example"),
        )
        for hour, name in enumerate(PATIENTS)
    ]


@pytest.fixture
def address(steve):
    return f"/admin/booking/appointment/day/{steve.pk}/2026-11-24/"


def typed(do, visits, **more):
    return {"do": do, "visit": [visit.pk for visit in visits], **more}


def statuses():
    return list(Appointment.objects.order_by("pk").values_list("status", flat=True))


def told():
    rows = Message.objects.exclude(kind="clinic_notice").order_by("pk")
    return list(rows.values_list("kind", "appointment__patient__name"))


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_the_day_lists_its_visits_and_nothing_else(admin_client, visits, address):
    page = admin_client.get(address)
    assert [row.appointment for row in page.context["rows"]] == visits
    assert "Steve Hansen" in page.content.decode()


@pytest.mark.parametrize("do", ["ask", "hand-on", "cancel"])
def test_choosing_what_to_do_changes_nothing_yet(admin_client, visits, address, service, location, do):
    make.make_hours(make.make_practitioner([service], name="Maria Chen"), location)
    page = admin_client.post(address, typed(do, visits[:2]))
    assert page.status_code == 200
    assert len(page.context["visits"]) == 2
    assert (set(statuses()), told(), Appointment.objects.filter(asked_to_move_at__isnull=False).count()) == (
        {"booked"},
        [],
        0,
    )


def test_all_are_asked_to_move_and_told_once(admin_client, visits, address):
    for _ in range(2):
        response = admin_client.post(address, typed("ask", visits, is_sure="1", note="Ill"), follow=True)
    assert set(statuses()) == {"booked"}
    assert told() == [("move_requested", name) for name in PATIENTS]
    assert [visit.events.get().note for visit in visits] == ["Ill"] * 3
    assert said(response) == [
        "Asked to move: Alice Martin, 11:15 am to noon; Bogdan Ionescu, 12:15 to 1:00 pm; "
        "Charlie Okafor, 1:15 to 2:00 pm. Each patient is told by e-mail."
    ]


def test_only_ticked_visits_are_cancelled(admin_client, visits, address):
    admin_client.post(address, typed("cancel", visits[1:], is_sure="1", reason="Ill"), follow=True)
    assert [Appointment.objects.get(pk=visit.pk).status for visit in visits] == ["booked", "cancelled", "cancelled"]
    assert told() == [("cancelled", name) for name in PATIENTS[1:]]
    assert Appointment.objects.get(pk=visits[1].pk).cancel_reason == "Ill"
    assert statuses().count("cancelled") == 2


def test_visits_are_handed_on_to_who_is_free_and_the_others_are_reported(
    admin_client, visits, address, service, location, steve
):
    maria = make.make_practitioner([service], name="Maria Chen")
    make.make_hours(maria, location)
    make.make_appointment(service=service, location=location, practitioner=maria, starts_at=visits[1].starts_at)
    page = admin_client.post(address, typed("hand-on", visits))
    choices = page.context["adminform"].form.fields["to"].choices
    assert list(choices) == [("", "Choose a practitioner"), (str(maria.pk), "Maria Chen, free for 2 of 3")]
    response = admin_client.post(address, typed("hand-on", visits, is_sure="1", to=maria.pk), follow=True)
    now_with = [(Appointment.objects.get(pk=visit.pk).practitioner, visit.starts_at) for visit in visits]
    assert now_with == [
        (maria, visits[0].starts_at),
        (steve, visits[1].starts_at),
        (maria, visits[2].starts_at),
    ]
    assert said(response)[0] == (
        "Bogdan Ionescu, 12:15 to 1:00 pm: Maria Chen is not free for it, so it stays as it was."
    )
    assert {name for _kind, name in told()} == {"Alice Martin", "Charlie Okafor"}


def test_nobody_free_is_said_so(admin_client, visits, address):
    response = admin_client.post(address, typed("hand-on", visits), follow=True)
    assert said(response) == ["Nobody else is free at any of these times."]


@pytest.mark.parametrize("to", ["", "x", "0", "999999", "\u0661"])
def test_handing_on_to_nobody_in_particular_is_refused(admin_client, visits, address, service, location, to):
    make.make_hours(make.make_practitioner([service], name="Maria Chen"), location)
    response = admin_client.post(address, typed("hand-on", visits, is_sure="1", to=to))
    assert response.status_code == 422
    assert "Choose a practitioner." in response.content.decode()


def test_who_has_no_address_is_named_to_be_called(admin_client, visits, address):
    visits[0].patient.email = ""
    visits[0].patient.save()
    response = admin_client.post(address, typed("ask", visits, is_sure="1", note=""), follow=True)
    assert said(response)[-1] == "No e-mail address, so please call: Alice Martin, 403-555-0123."
    assert told() == [("move_requested", name) for name in PATIENTS[1:]]


def test_open_hours_are_pointed_out_until_time_off_is_entered(admin_client, visits, address, steve):
    page = admin_client.get(address)
    assert page.context["time_off"] == (
        f"/admin/booking/timeoff/add/?practitioner={steve.pk}&starts_on=2026-11-24&ends_on=2026-11-24"
    )
    form = admin_client.get(page.context["time_off"]).context["adminform"].form
    assert form["starts_on"].value() == "2026-11-24"
    TimeOff.objects.create(practitioner=steve, starts_on=visits[0].local_on, ends_on=visits[0].local_on)
    assert admin_client.get(address).context["time_off"] == ""


@pytest.mark.parametrize("chosen", [[], ["x"], ["0"], ["\u0661"]])
def test_ticks_that_name_none_of_these_visits_do_nothing(admin_client, visits, address, chosen):
    response = admin_client.post(address, {"do": "cancel", "visit": chosen, "is_sure": "1", "reason": ""})
    assert response.status_code == 422
    assert "Tick the visits first." in response.content.decode()
    assert set(statuses()) == {"booked"}


def test_another_days_visit_cannot_be_slipped_in(admin_client, visits, address):
    other = Appointment.objects.exclude(pk__in=[visit.pk for visit in visits]).first()
    admin_client.post(address, typed("cancel", [*visits, other], is_sure="1", reason=""))
    other.refresh_from_db()
    assert other.status == "booked"


@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01", "26-11-24", "2026-11-24x", "20261124", "2026-W48-2"])
@pytest.mark.parametrize("person", ["0", "9" * 30])
def test_a_day_or_person_that_is_not_there_is_not_found(admin_client, day, person):
    assert admin_client.get(f"/admin/booking/appointment/day/{person}/{day}/").status_code == 404


@pytest.mark.parametrize(("permissions", "status"), [(["view_appointment"], 403), (["change_appointment"], 200)])
def test_a_day_is_moved_only_by_who_keeps_the_diary(visits, address, permissions, status):
    user = get_user_model().objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    assert client.get(address).status_code == status
    assert client.post(address, typed("cancel", visits)).status_code == status
    assert set(statuses()) == {"booked"}


def test_the_diary_leads_to_each_persons_whole_day(admin_client, visits, address):
    page = admin_client.get("/admin/booking/appointment/?day=2026-11-24").content.decode()
    assert f'href="{address}"' in page
