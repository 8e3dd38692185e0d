"""An appointment's messages in its panel: their state, resending, and the office's count of parked messages."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client

from booking import messages
from booking.models import Message
from tests.support import factories


@pytest.fixture
def visit(location):
    factories.make_clinic()
    return factories.make_appointment(location=location)


def make_message(visit, now, kind="confirmation", state="sent", **fields):
    sent_at = now if state == "sent" else None
    return Message.objects.create(
        **{
            "key": f"{kind}-{Message.objects.count()}", "kind": kind, "state": state, "appointment": visit,
            "sent_at": sent_at, "due_at": now, "content": {"sequence": visit.sequence, "hours_before": 3},
        }
        | fields
    )  # fmt: skip


def get_page(client, visit):
    return client.get(f"/desk/?day={visit.local_on}&appointment={visit.reference}").content.decode()


def resend_url(visit, message):
    return f"/desk/appointments/{visit.reference}/messages/{message.pk}/"


def member_of_staff(*permissions):
    user = get_user_model().objects.create_user(f"staff-{len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_the_page_lists_messages_with_their_state(admin_client, visit, now):
    make_message(visit, now)
    make_message(visit, now, "reminder", "waiting")
    make_message(visit, now, "clinic_notice", "parked", last_error="The email server refuses this address (550).")
    page = get_page(admin_client, visit)
    for words in ("Confirmation", "Sent", "Reminder", "Waiting", "Notice to the clinic", "(550)"):
        assert words in page
    assert "<strong>Could not be sent</strong>" in page


def test_resending_renders_the_present_version_of_the_visit(admin_client, visit, now):
    first = make_message(visit, now)
    assert f'action="{resend_url(visit, first)}"' in get_page(admin_client, visit)
    response = admin_client.post(resend_url(visit, first))
    assert "it goes out within a minute" in admin_client.get(response.url).content.decode()
    messages.send_due(now=now)
    assert [sent.to for sent in mail.outbox] == [["alice@patients.example"]]
    assert visit.messages.filter(state="sent").count() == 2
    assert len(set(visit.messages.values_list("key", flat=True))) == 2


def test_resending_a_parked_message_queues_it_again(admin_client, visit, now):
    parked = make_message(visit, now, state="parked", attempts=12)
    admin_client.post(resend_url(visit, parked))
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
def test_waiting_or_outdated_messages_cannot_be_resent(admin_client, visit, now, kind, state, status):
    message = make_message(visit, now, kind, state, content={"sequence": 0, "event": "booked"})
    visit.status = status
    visit.save()
    assert resend_url(visit, message) not in get_page(admin_client, visit)
    response = admin_client.post(resend_url(visit, message))
    assert "there's nothing to send" in unescape(admin_client.get(response.url).content.decode())
    assert visit.messages.count() == 1


def test_resending_needs_a_post_the_permission_and_the_matching_visit(admin_client, visit, now):
    message = make_message(visit, now)
    assert admin_client.get(resend_url(visit, message)).status_code == 405
    other = factories.make_appointment(location=visit.location)
    assert admin_client.post(resend_url(other, message)).status_code == 404
    viewer = member_of_staff("view_appointment", "view_message")
    assert viewer.post(resend_url(visit, message)).status_code == 403
    assert resend_url(visit, message) not in get_page(viewer, visit)
    assert member_of_staff("view_appointment", "view_message", "change_message").post(
        resend_url(visit, message)
    ).status_code == 302  # fmt: skip


def test_resending_needs_a_csrf_token(admin_user, visit, now):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(resend_url(visit, make_message(visit, now))).status_code == 403
    assert visit.messages.count() == 1


@pytest.mark.parametrize("where", ["", "booking/timeoff/", "booking/message/", "clinic/staffmember/"])
def test_every_page_shows_the_count_of_parked_messages(admin_client, visit, now, where):
    assert b'class="parked"' not in admin_client.get(f"/admin/{where}").content
    make_message(visit, now, state="parked")
    make_message(visit, now, "reminder", "parked")
    words = " ".join(admin_client.get(f"/admin/{where}").content.decode().split())
    assert (
        'class="parked" href="/admin/booking/message/?state__exact=parked"> 2 messages could not be sent</a>' in words
    )


def test_the_count_needs_the_permission_to_view_messages(visit, now, client):
    make_message(visit, now, state="parked")
    assert b'class="parked"' not in member_of_staff("view_appointment").get("/admin/").content
    assert b'class="parked"' not in client.get("/admin/login/", follow=True).content


def test_the_page_needs_as_many_queries_for_ten_messages_as_for_one(admin_client, visit, now):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count_queries():
        with CaptureQueriesContext(connection) as queries:
            get_page(admin_client, visit)
        return len(queries)

    make_message(visit, now)
    get_page(admin_client, visit)
    with_one = count_queries()
    for hours in range(9):
        make_message(visit, now + timedelta(hours=hours), "reminder")
    assert count_queries() == with_one
