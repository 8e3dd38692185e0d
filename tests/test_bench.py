"""The bench can say what it finds: goals on the right side, tables from any numbers, and a load that loads."""

import socket
import threading

import pytest

from bench import __main__ as bench
from bench import availability, booking, front, growth, inspection, pages
from bench.load import Ask, Wait, drive
from bench.tables import Goal, in_columns, p99, verdicts

pytestmark = pytest.mark.once


def test_a_goal_knows_its_side():
    assert [Goal("fast", found, 0.5).is_reached for found in (0.4, 0.5)] == [False, True]
    assert [Goal("small", found, 120, at_most=True).is_reached for found in (120, 121)] == [True, False]


def test_every_goal_is_told_with_its_number():
    goals = [Goal("pages", 0.47, 0.5).as_json(), Goal("memory", 97, 120, at_most=True, unit=" MB").as_json()]
    assert verdicts(goals).splitlines() == [
        "  MISSED      0.47x   at least 0.5x   pages",
        "  reached  97.00 MB  at most 120 MB   memory",
    ]


def test_columns_line_up():
    assert in_columns([("", "a second"), ("home", "12")]) == "      a second\nhome        12"


def test_one_in_a_hundred_took_longer_than_the_p99():
    assert p99([float(number) for number in range(1, 201)]) == 199


def test_an_inspector_is_asked_twice_and_what_it_says_is_told(capsys):
    asked = []

    def look():
        asked.append(1)
        return inspection.answer(["sh", "-c", "echo the browser fell over >&2; exit 1"])

    assert inspection.looked_at("home", look) is None
    assert len(asked) == 2
    assert capsys.readouterr().out.splitlines() == [
        "home: it ended with 1: the browser fell over; it is asked once more.",
        "home: it ended with 1: the browser fell over; that is left out.",
    ]
    assert inspection.answer(["sh", "-c", "echo [1]; exit 2"]) == [1]


@pytest.mark.parametrize("part", bench.PARTS)
def test_every_part_can_be_asked_for_by_name(part, monkeypatch):
    monkeypatch.setattr("sys.argv", ["bench", "--short", part])
    wanted = bench.arguments()
    assert (wanted.parts, wanted.size) == ([part], "short")


@pytest.mark.parametrize("part", [availability, booking, front, growth, pages])
def test_every_part_says_what_it_needs_and_measures(part):
    assert isinstance(part.NEEDS, tuple)
    assert all(callable(getattr(part, name)) for name in ("measure", "table", "goals"))


def test_a_part_whose_tools_are_missing_is_said_to_be_missing(monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda program: None)
    assert bench.run("pages", "short") == ["  pages: not measured"]
    assert "needs wrk and nginx" in capsys.readouterr().out


@pytest.fixture
def echo():
    """A server that says yes to each request, some bytes at a time, and hangs up after the third of a line."""

    def serve(line):
        with line:
            for _ in range(3):
                if not line.recv(4096):
                    return
                line.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-")
                line.sendall(b"Length: 5\r\n\r\nhello")

    def listen():
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def test_every_journey_is_gone_to_its_end_with_its_own_answers(echo):
    ends = []

    def journey(number):
        for _ in range(3):
            answer = yield Ask("look", b"GET / HTTP/1.1\r\n\r\n")
            assert (answer.status, answer.body, answer.cookies) == (200, b"hello", {"a": "1"})
            yield Wait(0.01)
        ends.append(number)

    told = drive(echo, (journey(number) for number in range(20)), connections=4)
    assert sorted(ends) == list(range(20))
    assert told.journeys == 20
    assert len(told.times["look"]) == told.statuses["look", 200] == 60
