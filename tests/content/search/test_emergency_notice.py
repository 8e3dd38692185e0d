"""Emergency notices above search results."""

import pytest

from booking.sample_clinic import EMERGENCY_SIGNS
from content.models import CareCard
from content.search.emergency_notice import emergency_notice_for
from tests.support import factories
from tests.support.content_factories import make_page, make_revision

CARDS = [
    {"call": "911", "heading": "Call 911 if you have:", "signs": [*EMERGENCY_SIGNS, "sudden chest pain"]},
    {"call": "811", "heading": "Call 811 if:", "signs": ["a treated spot is hot, swollen or weeping"]},
]
TITLES = ["dry", "needling", "for", "back", "pain", "bladder", "bowel", "pelvis", "knee", "assessment", "muscles"]


def level(query):
    notice = emergency_notice_for(query, CARDS, TITLES)
    return notice.level if notice else ""


@pytest.mark.parametrize(
    "query",
    [
        "numb groin", "numbness", "my groin feels numb", "chest pain", "terrible chest pain what to do",
        "cannot pee, loss of bladder control", "weak legs", "back pain after crash", "back pain with fever", "fever",
        "911", "heart attack", "Stroke?", "I can't breathe", "trouble breathing", "short of breath", "overdose",
    ],
)  # fmt: skip
def test_a_sign_of_danger_shows_911(query):
    assert level(query) == "911"


@pytest.mark.parametrize(
    "query",
    [
        "back pain", "back", "pain", "bladder", "dry needling", "leg", "leg pain", "new patient", "knee pain", "fees",
        "sore muscles", "I hurt myself lifting", "parking", "one leg", "", "the", "serious runner", "bowel", "massage",
    ],
)  # fmt: skip
def test_an_ordinary_query_shows_no_notice(query):
    assert level(query) == ""


@pytest.mark.parametrize("query", ["hot swollen spot", "811", "can I talk to a nurse"])
def test_a_less_urgent_sign_shows_811(query):
    assert level(query) == "811"


@pytest.mark.parametrize(
    "query", ["suicide", "suicidal thoughts", "I want to die", "kill myself", "how to end my life", "self-harm"]
)
def test_a_crisis_query_shows_the_crisis_notice(query):
    assert level(query) == "crisis"


def card_on(client, query):
    page = client.get("/search/", {"q": query}).content.decode()
    return page.split("care-card--")[1].split('"')[0] if "care-card--" in page else ""


@pytest.mark.django_db
def test_signs_come_from_the_clinic_and_published_care_cards(client):
    clinic = factories.make_clinic(emergency_signs="A purple toe")
    page = make_page()
    card = CareCard.objects.create(
        parent=page, region="main", heading="Call 911 if", items=[{"text": "glowing ears"}, {"text": "loud knees"}]
    )
    assert [card_on(client, words) for words in ("purple toe", "glowing ears")] == ["911", ""]

    make_revision(page)
    assert card_on(client, "glowing ears") == "911"
    html = client.get("/search/?q=glowing+ears").content.decode()
    assert html.index("care-card--911") < html.index('class="result"')
    assert "loud knees" in html
    assert 'href="tel:911"' in html.split("care-card--911")[1].split("</section>")[0]

    make_revision(page, is_public=False)
    clinic.emergency_signs = ""
    clinic.save()
    assert [card_on(client, words) for words in ("purple toe", "glowing ears")] == ["", ""]
    assert card.pk


@pytest.mark.django_db
def test_the_crisis_notice_has_phone_numbers(client):
    page = client.get("/search/?q=i+want+to+die").content.decode()
    assert all(f'href="{link}"' in page for link in ("tel:988", "sms:988", "tel:811", "tel:911"))
    assert "No results" not in page
    assert "what hurts" not in page
