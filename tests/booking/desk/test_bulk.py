"""Bulk actions on a practitioner's day: ask to move, hand on, cancel; each patient is notified once."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from booking.models import Appointment, Message, TimeOff
from tests.support import factories

PATIENTS = ["Alice Martin", "Bogdan Ionescu", "Charlie Okafor"]


@pytest.fixture(autouse=True)
def clinic(db):
    return factories.make_clinic()


@pytest.fixture
def service():
    return factories.make_service()


@pytest.fixture
def steve(service, location):
    practitioner = factories.make_practitioner([service])
    factories.make_hours(practitioner, location)
    return practitioner


@pytest.fixture
def visits(service, location, steve):
    """Three visits on Tuesday, at 11:15, 12:15 and 1:15; also one on Wednesday, and one of another practitioner."""
    factories.make_appointment(
        service=service, location=location, practitioner=steve, starts_at=factories.VISIT_AT + timedelta(days=1)
    )
    factories.make_appointment(service=service, location=location)
    return [
        factories.make_appointment(
            service=service,
            location=location,
            practitioner=steve,
            starts_at=factories.VISIT_AT + timedelta(hours=hour),
            patient=factories.make_patient(name=name, email=f"{name[:3].lower()}@patients.example"),
        )
        for hour, name in enumerate(PATIENTS)
    ]


@pytest.fixture
def url(steve):
    return f"/admin/booking/appointment/day/{steve.pk}/2026-11-24/"


def form_data(do, visits, **extra):
    return {"do": do, "visit": [visit.pk for visit in visits], **extra}


def statuses():
    return list(Appointment.objects.order_by("pk").values_list("status", flat=True))


def queued_messages():
    rows = Message.objects.exclude(kind="clinic_notice").order_by("pk")
    return list(rows.values_list("kind", "appointment__patient__name"))


def messages_in(response):
    return [str(message) for message in response.context["messages"]]


def test_the_day_lists_its_visits_and_nothing_else(admin_client, visits, url):
    page = admin_client.get(url)
    assert [row.appointment for row in page.context["rows"]] == visits
    assert "Steve Hansen" in page.content.decode()


@pytest.mark.parametrize("do", ["ask", "hand-on", "cancel"])
def test_the_confirmation_page_changes_nothing(admin_client, visits, url, service, location, do):
    factories.make_hours(factories.make_practitioner([service], name="Maria Chen"), location)
    page = admin_client.post(url, form_data(do, visits[:2]))
    assert page.status_code == 200
    assert len(page.context["visits"]) == 2
    assert (set(statuses()), queued_messages(), Appointment.objects.filter(asked_to_move_at__isnull=False).count()) == (
        {"booked"},
        [],
        0,
    )


def test_patients_are_asked_to_move_and_notified_once(admin_client, visits, url):
    for _ in range(2):
        response = admin_client.post(url, form_data("ask", visits, is_sure="1", note="Ill"), follow=True)
    assert set(statuses()) == {"booked"}
    assert queued_messages() == [("move_requested", name) for name in PATIENTS]
    assert [visit.events.get().note for visit in visits] == ["Ill"] * 3
    assert messages_in(response) == [
        "Asked to move: Alice Martin, 11:15 a.m. to 12:00 p.m.; Bogdan Ionescu, 12:15 to 1:00 p.m.; "
        "Charlie Okafor, 1:15 to 2:00 p.m. Each patient will get an email."
    ]


def test_only_selected_visits_are_cancelled(admin_client, visits, url):
    admin_client.post(url, form_data("cancel", visits[1:], is_sure="1", reason="Ill"), follow=True)
    assert [Appointment.objects.get(pk=visit.pk).status for visit in visits] == ["booked", "cancelled", "cancelled"]
    assert queued_messages() == [("cancelled", name) for name in PATIENTS[1:]]
    assert Appointment.objects.get(pk=visits[1].pk).cancel_reason == "Ill"
    assert statuses().count("cancelled") == 2


def test_visits_are_handed_on_where_the_substitute_is_free_and_others_are_reported(
    admin_client, visits, url, service, location, steve
):
    maria = factories.make_practitioner([service], name="Maria Chen")
    factories.make_hours(maria, location)
    factories.make_appointment(service=service, location=location, practitioner=maria, starts_at=visits[1].starts_at)
    page = admin_client.post(url, form_data("hand-on", visits))
    choices = page.context["adminform"].form.fields["to"].choices
    assert list(choices) == [("", "Choose a practitioner"), (str(maria.pk), "Maria Chen, free for 2 of 3")]
    response = admin_client.post(url, form_data("hand-on", visits, is_sure="1", to=maria.pk), follow=True)
    visits_now = [(Appointment.objects.get(pk=visit.pk).practitioner, visit.starts_at) for visit in visits]
    assert visits_now == [
        (maria, visits[0].starts_at),
        (steve, visits[1].starts_at),
        (maria, visits[2].starts_at),
    ]
    assert messages_in(response)[0] == (
        "Bogdan Ionescu, 12:15 to 1:00 p.m.: Maria Chen isn't free then, so it stays as it was."
    )
    assert {name for _kind, name in queued_messages()} == {"Alice Martin", "Charlie Okafor"}


def test_without_a_free_substitute_a_message_says_so(admin_client, visits, url):
    response = admin_client.post(url, form_data("hand-on", visits), follow=True)
    assert messages_in(response) == ["No one else is free at any of these times."]


@pytest.mark.parametrize("to", ["", "x", "0", "999999", "\u0661"])
def test_handing_on_needs_a_valid_practitioner(admin_client, visits, url, service, location, to):
    factories.make_hours(factories.make_practitioner([service], name="Maria Chen"), location)
    response = admin_client.post(url, form_data("hand-on", visits, is_sure="1", to=to))
    assert response.status_code == 422
    assert "Choose a practitioner." in response.content.decode()


def test_patients_without_email_are_listed_to_be_called(admin_client, visits, url):
    visits[0].patient.email = ""
    visits[0].patient.save()
    response = admin_client.post(url, form_data("ask", visits, is_sure="1", note=""), follow=True)
    assert messages_in(response) == [
        "Asked to move: Alice Martin, 11:15 a.m. to 12:00 p.m.; Bogdan Ionescu, 12:15 to 1:00 p.m.; "
        "Charlie Okafor, 1:15 to 2:00 p.m. 2 of 3 patients will get an email.",
        "No email address, so please call: Alice Martin, 403-555-0123.",
    ]
    assert queued_messages() == [("move_requested", name) for name in PATIENTS[1:]]


@pytest.mark.parametrize("do", ["ask", "hand-on", "cancel"])
@pytest.mark.parametrize(
    ("emails", "sentence"),
    [
        (["a@patients.example", "b@patients.example"], "Each patient will get an email."),
        (["a@patients.example", ""], "1 of 2 patients will get an email."),
        (["", ""], "No email will be sent."),
        (["a@sample-patients.example", "b@sample-patients.example"], "No email will be sent."),
    ],
    ids=["all", "some", "none", "sample"],
)
def test_each_action_promises_an_email_only_to_whom_one_is_queued(
    do, emails, sentence, admin_client, visits, url, service, location
):
    maria = factories.make_practitioner([service], name="Maria Chen")
    factories.make_hours(maria, location)
    for visit, email in zip(visits, emails, strict=False):
        visit.patient.email = email
        visit.patient.save()
    extra = {"is_sure": "1", "note": "", "reason": "", "to": maria.pk}
    response = admin_client.post(url, form_data(do, visits[:2], **extra), follow=True)
    assert messages_in(response)[0].endswith(f". {sentence}")
    promised = sum(email.endswith("@patients.example") for email in emails)
    assert len([kind for kind, _name in queued_messages() if kind != "reminder"]) == promised
    assert sum("please call" in text for text in messages_in(response)) == ("" in emails)


@pytest.mark.parametrize(
    ("without", "shown", "hidden"),
    [(0, "Each patient gets an email", "no email address"), (2, "2 of 3 have no email address", "Each patient")],
)
def test_the_day_says_before_who_gets_no_email(without, shown, hidden, admin_client, visits, url):
    for visit in visits[:without]:
        visit.patient.email = ""
        visit.patient.save()
    page = admin_client.get(url).content.decode()
    assert shown in page
    assert hidden not in page


def test_several_visits_cancelled_in_the_diary_say_who_gets_no_email(admin_client, visits):
    visits[0].patient.email = ""
    visits[0].patient.save()
    data = {"action": "cancel_visits", "index": "0", "is_sure": "1", "_selected_action": [v.pk for v in visits[:2]]}
    response = admin_client.post("/admin/booking/appointment/?day=2026-11-24", data | {"reason": ""}, follow=True)
    assert sorted(messages_in(response)) == [
        "Cancelled: Alice Martin, 11:15 a.m. to 12:00 p.m. The patient has no email address, so please call "
        "403-555-0123.",
        "Cancelled: Bogdan Ionescu, 12:15 to 1:00 p.m. The patient will get an email.",
    ]


def test_the_page_links_to_add_time_off_until_it_is_entered(admin_client, visits, url, steve):
    page = admin_client.get(url)
    assert page.context["time_off"] == (
        f"/admin/booking/timeoff/add/?practitioner={steve.pk}&starts_on=2026-11-24&ends_on=2026-11-24"
    )
    form = admin_client.get(page.context["time_off"]).context["adminform"].form
    assert form["starts_on"].value() == "2026-11-24"
    TimeOff.objects.create(practitioner=steve, starts_on=visits[0].local_on, ends_on=visits[0].local_on)
    assert admin_client.get(url).context["time_off"] == ""


@pytest.mark.parametrize("chosen", [[], ["x"], ["0"], ["\u0661"]])
def test_selecting_none_of_the_visits_does_nothing(admin_client, visits, url, chosen):
    response = admin_client.post(url, {"do": "cancel", "visit": chosen, "is_sure": "1", "reason": ""})
    assert response.status_code == 422
    assert "Tick the visits first." in response.content.decode()
    assert set(statuses()) == {"booked"}


def test_a_visit_of_another_day_cannot_be_selected(admin_client, visits, url):
    other = Appointment.objects.exclude(pk__in=[visit.pk for visit in visits]).first()
    admin_client.post(url, form_data("cancel", [*visits, other], is_sure="1", reason=""))
    other.refresh_from_db()
    assert other.status == "booked"


@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01", "26-11-24", "2026-11-24x", "20261124", "2026-W48-2"])
@pytest.mark.parametrize("person", ["0", "9" * 30])
def test_an_invalid_date_or_practitioner_is_not_found(admin_client, day, person):
    assert admin_client.get(f"/admin/booking/appointment/day/{person}/{day}/").status_code == 404


@pytest.mark.parametrize(("permissions", "status"), [(["view_appointment"], 403), (["change_appointment"], 200)])
def test_the_page_needs_the_permission_to_change_appointments(visits, url, permissions, status):
    user = get_user_model().objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    assert client.get(url).status_code == status
    assert client.post(url, form_data("cancel", visits)).status_code == status
    assert set(statuses()) == {"booked"}


def test_the_diary_links_to_each_practitioners_day(admin_client, visits, url):
    page = admin_client.get("/admin/booking/appointment/?day=2026-11-24&status=booked").content.decode()
    assert f'href="{url}"' in page
