"""An appointment's messages in the office: their state, sending one again, and a red count when one is stuck."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client

from booking import messages
from booking.models import Message
from tests import make


@pytest.fixture(autouse=True)
def _today(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""


@pytest.fixture
def visit(location):
    make.make_clinic()
    return make.make_appointment(location=location)


def message(visit, now, kind="confirmation", state="sent", **fields):
    sent_at = now if state == "sent" else None
    return Message.objects.create(
        **{
            "key": f"{kind}-{Message.objects.count()}", "kind": kind, "state": state, "appointment": visit,
            "sent_at": sent_at, "due_at": now, "content": {"sequence": visit.sequence, "hours_before": 3},
        }
        | fields
    )  # fmt: skip


def page_of(client, visit):
    return client.get(f"/admin/booking/appointment/{visit.pk}/change/").content.decode()


def address(visit, chosen):
    return f"/admin/booking/appointment/{visit.pk}/messages/{chosen.pk}/"


def member_of_staff(*permissions):
    user = get_user_model().objects.create_user(f"staff-{len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_each_message_stands_on_the_page_with_its_state(admin_client, visit, now):
    message(visit, now)
    message(visit, now, "reminder", "waiting")
    message(visit, now, "clinic_notice", "parked", last_error="The mail server refuses this address (550).")
    page = page_of(admin_client, visit)
    for words in ("Confirmation", "Sent", "Reminder", "Waiting", "Notice to the clinic", "(550)"):
        assert words in page
    assert '<strong class="record__parked">Could not be sent</strong>' in page


def test_what_was_sent_to_the_patient_is_sent_again_as_the_visit_now_is(admin_client, visit, now):
    first = message(visit, now)
    assert f'formaction="{address(visit, first)}"' in page_of(admin_client, visit)
    response = admin_client.post(address(visit, first))
    assert response.url == f"/admin/booking/appointment/{visit.pk}/change/"
    assert "it leaves within a minute" in admin_client.get(response.url).content.decode()
    messages.send_due(now=now)
    assert [sent.to for sent in mail.outbox] == [["alice@patients.example"]]
    assert visit.messages.filter(state="sent").count() == 2
    assert len(set(visit.messages.values_list("key", flat=True))) == 2


def test_what_could_not_be_sent_goes_back_into_the_queue(admin_client, visit, now):
    parked = message(visit, now, state="parked", attempts=12)
    admin_client.post(address(visit, parked))
    parked.refresh_from_db()
    assert (parked.state, parked.attempts, visit.messages.count()) == ("waiting", 0, 1)


@pytest.mark.parametrize(
    ("kind", "state", "status"),
    [
        ("confirmation", "waiting", "booked"),
        ("confirmation", "dropped", "booked"),
        ("confirmation", "sent", "cancelled"),
        ("confirmation", "sent", "arrived"),
        ("cancelled", "sent", "booked"),
        ("clinic_notice", "sent", "booked"),
    ],
)
def test_what_waits_or_is_no_longer_true_is_not_sent_again(admin_client, visit, now, kind, state, status):
    chosen = message(visit, now, kind, state, content={"sequence": 0, "event": "booked"})
    visit.status = status
    visit.save()
    assert address(visit, chosen) not in page_of(admin_client, visit)
    response = admin_client.post(address(visit, chosen))
    assert "there is nothing to send" in admin_client.get(response.url).content.decode()
    assert visit.messages.count() == 1


def test_sending_again_needs_a_press_the_permission_and_the_right_visit(admin_client, visit, now):
    chosen = message(visit, now)
    assert admin_client.get(address(visit, chosen)).status_code == 405
    other = make.make_appointment(location=visit.location)
    assert admin_client.post(address(other, chosen)).status_code == 404
    looks = member_of_staff("view_appointment", "view_message")
    assert looks.post(address(visit, chosen)).status_code == 403
    assert "formaction" not in page_of(looks, visit)
    assert member_of_staff("view_appointment", "view_message", "change_message").post(
        address(visit, chosen)
    ).status_code == 302  # fmt: skip


def test_a_forged_form_sends_nothing(admin_user, visit, now):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(address(visit, message(visit, now))).status_code == 403
    assert visit.messages.count() == 1


@pytest.mark.parametrize("where", ["", "booking/appointment/", "booking/patient/", "clinic/staffmember/"])
def test_every_page_counts_what_could_not_be_sent_in_red(admin_client, visit, now, where):
    assert b'class="parked"' not in admin_client.get(f"/admin/{where}").content
    message(visit, now, state="parked")
    message(visit, now, "reminder", "parked")
    words = " ".join(admin_client.get(f"/admin/{where}").content.decode().split())
    assert (
        'class="parked" href="/admin/booking/message/?state__exact=parked"> 2 messages could not be sent</a>' in words
    )


def test_the_count_is_shown_to_nobody_who_may_not_see_messages(visit, now, client):
    message(visit, now, state="parked")
    assert b'class="parked"' not in member_of_staff("view_appointment").get("/admin/").content
    assert b'class="parked"' not in client.get("/admin/login/", follow=True).content


def test_the_page_needs_as_many_queries_for_ten_messages_as_for_one(admin_client, visit, now):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(connection) as queries:
            page_of(admin_client, visit)
        return len(queries)

    message(visit, now)
    page_of(admin_client, visit)
    once = count()
    for hours in range(9):
        message(visit, now + timedelta(hours=hours), "reminder")
    assert count() == once
