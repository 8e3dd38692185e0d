"""What of a calendar blocks time, in the shapes in which Google, Outlook, Apple and Nextcloud write it."""

import zoneinfo
from datetime import UTC, datetime

import pytest

from booking.calendars.occurrences import NOT_A_CALENDAR, TOO_MANY, CalendarQuestion, Unusable, busy_spans
from tests.support.ical_files import WINDOWS_ZONE, make_calendar

ZONE = zoneinfo.ZoneInfo("America/Edmonton")
BEGIN, END = datetime(2026, 11, 22, tzinfo=UTC), datetime(2027, 1, 24, tzinfo=UTC)
ONE = "UID:1\nDTSTART:20261124T160000Z\nDTEND:20261124T170000Z"


def question(**fields):
    values = {"zone": "America/Edmonton", "begin": int(BEGIN.timestamp()), "end": int(END.timestamp())}
    return CalendarQuestion(**values | fields)


def busy(content, **fields):
    """The busy times as local days and hours in Alberta."""
    spans, _skipped = busy_spans(content, question(**fields))
    texts = [[datetime.fromtimestamp(second, ZONE).strftime("%m-%d %H:%M") for second in span] for span in spans]
    return sorted(f"{begin} to {end}" for begin, end in texts)


class TestPrograms:
    def test_google_a_weekly_event_with_an_exception_and_a_moved_day(self):
        content = make_calendar(
            """DTSTART;TZID=America/Edmonton:20261124T090000
DTEND;TZID=America/Edmonton:20261124T100000
RRULE:FREQ=WEEKLY;UNTIL=20261216T065959Z;BYDAY=TU
EXDATE;TZID=America/Edmonton:20261201T090000
DTSTAMP:20261120T000000Z
UID:5t3@google.com
STATUS:CONFIRMED
SUMMARY:Running club
TRANSP:OPAQUE""",
            """DTSTART;TZID=America/Edmonton:20261208T140000
DTEND;TZID=America/Edmonton:20261208T143000
UID:5t3@google.com
RECURRENCE-ID;TZID=America/Edmonton:20261208T090000
SUMMARY:Running club, later""",
            head="X-WR-CALNAME:jane@gmail.example\nX-WR-TIMEZONE:America/Edmonton",
        )
        assert busy(content) == [
            "11-24 09:00 to 11-24 10:00",
            "12-08 14:00 to 12-08 14:30",
            "12-15 09:00 to 12-15 10:00",
        ]

    def test_google_a_day_that_was_taken_out_of_a_series(self):
        content = make_calendar(
            ONE + "\nRRULE:FREQ=DAILY;COUNT=3",
            "UID:1\nRECURRENCE-ID:20261125T160000Z\nDTSTART:20261125T160000Z\nDTEND:20261125T170000Z\nSTATUS:CANCELLED",
        )
        assert [span[:5] for span in busy(content)] == ["11-24", "11-26"]

    def test_google_names_the_owner_in_the_calendars_name(self):
        declined = "\nATTENDEE;CN=Jane;PARTSTAT=DECLINED:mailto:Jane@gmail.example"
        assert busy(make_calendar(ONE + declined, head="X-WR-CALNAME:jane@gmail.example")) == []

    def test_outlook_a_zone_that_the_file_defines_is_as_the_file_says(self):
        """Windows' Mountain Standard Time is UTC-7 in winter, Alberta is UTC-6 all year."""
        content = make_calendar(
            """UID:040000008200E00074C5B7101A82E008
DTSTART;TZID=Mountain Standard Time:20261124T090000
DTEND;TZID=Mountain Standard Time:20261124T100000
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
SUMMARY:Busy""",
            head=WINDOWS_ZONE,
        )
        assert busy(content) == ["11-24 10:00 to 11-24 11:00"]

    @pytest.mark.parametrize(
        ("zone", "hour"),
        [("Mountain Standard Time", 10), ("Canada Central Standard Time", 9), ("Pacific Standard Time", 11)],
    )
    def test_outlook_zone_names_of_windows(self, zone, hour):
        content = make_calendar(f"UID:1\nDTSTART;TZID={zone}:20261124T090000\nDURATION:PT30M")
        assert busy(content) == [f"11-24 {hour:02}:00 to 11-24 {hour:02}:30"]

    @pytest.mark.parametrize(
        ("status", "count"),
        [("FREE", 0), ("WORKINGELSEWHERE", 0), ("TENTATIVE", 1), ("OOF", 1), ("BUSY", 1)],
    )
    def test_outlook_says_with_a_property_of_its_own_what_is_free(self, status, count):
        assert len(busy(make_calendar(f"{ONE}\nX-MICROSOFT-CDO-BUSYSTATUS:{status}"))) == count

    def test_apple_whole_days_block_the_days_of_the_clinics_zone(self):
        content = make_calendar(
            "UID:A1\nDTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261126\nSUMMARY:Cabin",
            "UID:A2\nDTSTART;VALUE=DATE:20261201\nSUMMARY:A day without an end",
            head="CALSCALE:GREGORIAN\nX-WR-CALNAME:Home",
        )
        assert busy(content) == ["11-24 00:00 to 11-26 00:00", "12-01 00:00 to 12-02 00:00"]

    def test_apple_repeats_whole_days(self):
        content = make_calendar("UID:A3\nDTSTART;VALUE=DATE:20251124\nDTEND;VALUE=DATE:20251125\nRRULE:FREQ=YEARLY")
        assert busy(content) == ["11-24 00:00 to 11-25 00:00"]

    def test_nextcloud_durations_and_several_excluded_days(self):
        content = make_calendar(
            """UID:nc-1
DTSTART;TZID=America/Edmonton:20261123T083000
DURATION:PT1H30M
RRULE:FREQ=DAILY;COUNT=4
EXDATE;TZID=America/Edmonton:20261124T083000,20261125T083000""",
            head="PRODID:-//IDN nextcloud.com//Calendar app 5.0//EN",
        )
        assert busy(content) == ["11-23 08:30 to 11-23 10:00", "11-26 08:30 to 11-26 10:00"]


class TestTimes:
    def test_a_time_without_a_zone_is_in_the_clinics(self):
        assert busy(make_calendar("UID:1\nDTSTART:20261124T090000\nDTEND:20261124T100000")) == [
            "11-24 09:00 to 11-24 10:00"
        ]

    def test_a_zone_that_nobody_knows_counts_as_none(self):
        content = make_calendar("UID:1\nDTSTART;TZID=Nowhere:20261124T090000\nDTEND;TZID=Nowhere:20261124T100000")
        assert busy(content) == ["11-24 09:00 to 11-24 10:00"]

    @pytest.mark.parametrize("zone", ["Nowhere/Else", "../../etc/passwd", "/", "x" * 5000])
    def test_an_unknown_zone_of_the_calendar_counts_as_none(self, zone):
        content = make_calendar("UID:1\nDTSTART:20261124T090000Z\nDURATION:PT1H", head=f"X-WR-TIMEZONE:{zone}")
        assert busy(content) == ["11-24 03:00 to 11-24 04:00"]

    def test_a_series_without_a_zone_keeps_its_hour(self):
        content = make_calendar("UID:1\nDTSTART:20261030T233000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=6")
        assert busy(content)[:2] == ["11-27 23:30 to 11-28 00:30", "12-04 23:30 to 12-05 00:30"]

    def test_times_are_cut_to_the_window(self):
        long = make_calendar("UID:1\nDTSTART:20200101T000000Z\nDTEND:20300101T000000Z")
        assert busy_spans(long, question()) == ([(int(BEGIN.timestamp()), int(END.timestamp()))], 0)

    def test_what_is_over_or_far_ahead_is_left_out(self):
        far = "UID:2\nDTSTART:20270601T160000Z\nDTEND:20270601T170000Z"
        assert busy(make_calendar("UID:1\nDTSTART:20261101T160000Z\nDTEND:20261101T170000Z", far)) == []

    def test_an_event_without_a_length_blocks_nothing(self):
        assert busy(make_calendar("UID:1\nDTSTART:20261124T160000Z")) == []


class TestFree:
    @pytest.mark.parametrize(
        "line",
        ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "ATTENDEE;PARTSTAT=DECLINED:mailto:jane@clinic.example"],
    )
    def test_what_blocks_nothing(self, line):
        assert busy(make_calendar(f"{ONE}\n{line}"), own=["Jane@clinic.example"]) == []

    @pytest.mark.parametrize(
        "line",
        [
            "TRANSP:OPAQUE",
            "STATUS:TENTATIVE",
            "ATTENDEE;PARTSTAT=DECLINED:mailto:somebody.else@clinic.example",
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:jane@clinic.example",
            "ATTENDEE;PARTSTAT=DECLINED:mailto:not.jane@clinic.example",
        ],
    )
    def test_what_blocks(self, line):
        assert len(busy(make_calendar(f"{ONE}\n{line}"), own=["jane@clinic.example"])) == 1

    def test_copies_of_the_sites_own_visits_block_nothing(self):
        other = ONE.replace("UID:1", "UID:2").replace("1124", "1125")
        assert [span[:5] for span in busy(make_calendar(ONE, other), ignored=["1"])] == ["11-25"]

    def test_tasks_and_journals_block_nothing(self):
        todo = "BEGIN:VTODO\nUID:t\nDTSTART:20261124T160000Z\nDUE:20261124T170000Z\nEND:VTODO"
        assert busy(make_calendar(head=todo)) == []


class TestFreeBusy:
    def test_the_periods_of_a_servers_answer(self):
        answer = """BEGIN:VFREEBUSY
DTSTART:20261122T000000Z
DTEND:20270124T000000Z
FREEBUSY:20261124T160000Z/20261124T170000Z,20261125T160000Z/PT30M
FREEBUSY;FBTYPE=FREE:20261126T160000Z/PT1H
FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261127T160000Z/PT1H
FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261128T160000Z/PT1H
END:VFREEBUSY"""
        assert [span[:5] for span in busy(make_calendar(head=answer))] == ["11-24", "11-25", "11-27", "11-28"]

    def test_the_calendars_in_the_answer_to_a_query(self):
        inside = make_calendar(ONE).decode()
        content = f"""<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<d:response><d:propstat><d:prop><c:calendar-data><![CDATA[{inside}]]></c:calendar-data></d:prop></d:propstat>
</d:response></d:multistatus>"""
        assert len(busy(content.encode(), is_multistatus=True)) == 1

    def test_an_answer_without_events_blocks_nothing(self):
        assert busy(b'<d:multistatus xmlns:d="DAV:"/>', is_multistatus=True) == []


class TestMalformed:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<!doctype html><title>Log in</title>",
            b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1",
            b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR",
            b"END:VCALENDAR",
            make_calendar(ONE)[:-30],
        ],
        ids=["empty", "a page", "cut", "wrong end", "only an end", "cut at the end"],
    )
    def test_what_is_no_whole_calendar_is_refused(self, content):
        with pytest.raises(Unusable, match=NOT_A_CALENDAR):
            busy_spans(content, question())

    @pytest.mark.parametrize("content", [b"<open>", b"", b"no xml"])
    def test_an_answer_that_is_no_xml_is_refused(self, content):
        with pytest.raises(Unusable, match=NOT_A_CALENDAR):
            busy_spans(content, question(is_multistatus=True))

    @pytest.mark.parametrize(
        "event",
        [
            "UID:2\nDTSTART:nonsense\nDTEND:20261124T170000Z",
            "UID:2\nSUMMARY:without a start",
            "UID:2\nDTSTART:20261124T160000Z\nDTEND:20261124T170000Z\nRRULE:FREQ=NEVER",
        ],
    )
    def test_a_broken_event_is_counted_and_the_others_block(self, event):
        spans, skipped = busy_spans(make_calendar(event, ONE), question())
        assert (len(spans), skipped) == (1, 1)

    def test_a_nul_and_bytes_that_are_no_utf_8_do_no_harm(self):
        content = make_calendar(ONE + "\nSUMMARY:a\0b").replace(b"a\0b", b"a\0\xff\xfe\xed\xa0\x80b")
        assert len(busy(content)) == 1

    def test_too_many_times_are_refused(self):
        with pytest.raises(Unusable, match=TOO_MANY):
            busy_spans(make_calendar(ONE + "\nRRULE:FREQ=HOURLY;COUNT=200"), question(most=100))
