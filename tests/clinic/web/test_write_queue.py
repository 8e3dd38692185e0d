"""Write queue: visitors' POST requests are serialized on SQLite; GET requests and staff are not queued."""

import fcntl
import threading

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.test import RequestFactory

from clinic.web import write_queue

pytestmark = pytest.mark.once


@pytest.fixture
def middleware(settings):
    settings.WRITE_QUEUE = True
    return write_queue.queue_visitors_writes(lambda request: HttpResponse("done"))


@pytest.fixture
def held_lock(middleware):
    """The lock file, locked as if by another process."""
    with write_queue.lock_file().open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def in_thread(middleware, request):
    responses = []
    thread = threading.Thread(target=lambda: responses.append(middleware(request)), daemon=True)
    thread.start()
    return thread, responses


def test_a_post_request_waits_for_the_lock(middleware, held_lock):
    thread, responses = in_thread(middleware, RequestFactory().post("/book/check/"))
    thread.join(0.3)
    assert responses == []

    held_lock.close()
    thread.join(10)

    assert [response.content for response in responses] == [b"done"]


@pytest.mark.parametrize(
    "request_", [("get", "/book/check/"), ("post", "/admin/content/picture/add/"), ("post", "/staff/login/")], ids=str
)
def test_get_requests_and_staff_do_not_wait(middleware, held_lock, request_):
    method, path = request_
    thread, responses = in_thread(middleware, getattr(RequestFactory(), method)(path))
    thread.join(10)
    assert [response.content for response in responses] == [b"done"]


def test_a_request_that_fails_releases_the_lock(settings):
    settings.WRITE_QUEUE = True

    def fail(request):
        raise RuntimeError

    failing = write_queue.queue_visitors_writes(fail)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            failing(RequestFactory().post("/book/check/"))


def test_the_queue_can_be_disabled(settings):
    settings.WRITE_QUEUE = False
    with pytest.raises(MiddlewareNotUsed):
        write_queue.queue_visitors_writes(lambda request: HttpResponse())
