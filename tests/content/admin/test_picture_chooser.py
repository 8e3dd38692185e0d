"""The picture chooser without a browser: who may what, search and filters, uploads and details."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile

from booking import image_upload
from content.admin.picture_chooser.listing import PER_PAGE
from content.admin.picture_chooser.titles import title_of_file
from content.media.preparation import prepare_waiting
from content.models import Picture, PictureFile, PlacedPicture, PlaceMap
from tests.content.admin.test_editing import form_of
from tests.content.media.test_uploads import png_that_claims
from tests.support import factories
from tests.support.content_factories import make_page, make_picture, picture_bytes, picture_upload, publish_drafts

pytestmark = pytest.mark.django_db

CHOOSE = "/admin/content/picture/choose/"
UPLOAD = f"{CHOOSE}upload/"
STATES = f"{CHOOSE}states/"
DETAILS = {"title": "Path", "focal_x": "50", "focal_y": "50", "alt": "", "credit": "", "subject": ""}


@pytest.fixture
def office(client):
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@example.com", "canola-foothills-42"))
    return client


@pytest.fixture
def log_in(client):
    """A function that logs in a user of a role; without one a user who may enter the office and do nothing."""

    def log_in(role: str = ""):
        user = get_user_model().objects.create_user(role or "nobody", "x@example.com", "x", is_staff=True)
        user.groups.set(Group.objects.filter(name=role))
        client.force_login(user)
        return client

    return log_in


def shown(response) -> list[str]:
    return [one.picture.title for one in response.context["library"].pictures]


def send_file(office, content=None, name="drawing.jpg", **options):
    return office.post(UPLOAD, {"image": picture_upload(name, content, **options)})


def upload_errors(response) -> list[str]:
    assert response.status_code == 422
    return response.context["upload_form"].errors["image"]


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("Editor", (200, 200, 302, 302)),
        ("Publisher", (200, 200, 302, 302)),
        ("Clinical reviewer", (200, 200, 403, 403)),
        ("Front desk", (403, 403, 403, 403)),
        ("", (403, 403, 403, 403)),
    ],
)
def test_each_address_asks_for_its_own_permission(log_in, role, statuses):
    picture = make_picture(title="Path")
    client = log_in(role)

    assert statuses == (
        client.get(CHOOSE).status_code,
        client.get(f"{STATES}?pictures={picture.pk}").status_code,
        send_file(client).status_code,
        client.post(f"{CHOOSE}{picture.pk}/", DETAILS | {"alt": "A path"}).status_code,
    )
    may_write = statuses[2] == 302
    assert Picture.objects.count() == 1 + may_write
    assert Picture.objects.get(title="Path").alt == ("A path" if may_write else "")


def test_who_may_only_look_sees_the_details_as_text(log_in):
    picture = make_picture(title="Path", alt="A path in the foothills", credit="Ana")

    html = log_in("Clinical reviewer").get(f"{CHOOSE}?picture={picture.pk}").content.decode()

    assert "A path in the foothills" in html
    assert "Save details" not in html
    assert 'name="alt"' not in html
    assert 'type="file"' not in html


def test_visitors_are_sent_to_the_login(client):
    for address in (CHOOSE, STATES, UPLOAD, f"{CHOOSE}1/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")


def test_uploads_and_details_need_a_token_and_a_post(office, client):
    picture = make_picture()
    client.handler.enforce_csrf_checks = True
    for address in (UPLOAD, f"{CHOOSE}{picture.pk}/"):
        assert office.get(address).status_code == 405
        assert office.post(address, {}).status_code == 403


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("path", ["The path"]),
        ("ANA", ["Armchairs"]),
        ("treatment", ["Table"]),
        ("a e", ["Table", "The path", "Armchairs"]),
        ("bolster table", ["Table"]),
        ("100%", []),
        ("\0\x07path\u202e", ["The path"]),
        ("x" * 5000, []),
    ],
)
def test_the_search_reads_titles_credits_and_descriptions(office, words, titles):
    make_picture(title="The path")
    make_picture(title="Armchairs", credit="Ana Blue")
    make_picture(title="Table", alt="A treatment with a bolster")

    response = office.get(CHOOSE, {"q": words})

    assert response.status_code == 200
    assert sorted(shown(response)) == sorted(titles)


def test_filters_show_people_rooms_and_what_is_not_used_with_their_counts(office):
    people = make_picture(title="Amara", subject="people")
    make_picture(title="Waiting room", subject="rooms")
    on_a_map, in_a_draft, published = (make_picture(title=title) for title in ("Map", "Draft", "Public"))
    PlaceMap.objects.create(location=factories.make_location(), picture=on_a_map, alt="Streets")
    make_page(hero_picture=people, hero_alt="Amara", is_published=False)
    PlacedPicture.objects.create(parent=make_page(is_published=False), region="main", picture=in_a_draft)
    page = make_page()
    placed = PlacedPicture.objects.create(parent=page, region="main", picture=published, alt="Public")
    publish_drafts()
    placed.delete()

    response = office.get(CHOOSE)
    assert [(one.label, one.count) for one in response.context["library"].filters] == [
        ("All", 5), ("People", 1), ("Rooms", 1), ("Not used", 1),
    ]  # fmt: skip
    assert shown(office.get(CHOOSE, {"show": "people"})) == ["Amara"]
    assert shown(office.get(CHOOSE, {"show": "rooms"})) == ["Waiting room"]
    assert shown(office.get(CHOOSE, {"show": "unused"})) == ["Waiting room"]
    assert len(shown(office.get(CHOOSE, {"show": "nonsense"}))) == 5
    assert "1 page" in office.get(CHOOSE, {"q": "Map"}).content.decode()


def test_the_newest_come_first_and_hundreds_are_paged(office, now):
    Picture.objects.bulk_create(
        Picture(title=f"Picture {number:03}", image=f"pictures/{number}.jpg", created_at=now - timedelta(days=1))
        for number in range(PER_PAGE + 3)
    )
    newest = make_picture(title="The newest")

    first = office.get(CHOOSE)
    assert shown(first)[0] == newest.title
    assert len(shown(first)) == PER_PAGE
    assert "page=2" in first.context["pages"]["next"]
    last = office.get(first.context["pages"]["next"])
    assert len(shown(last)) == 4
    for page in ("99", "-1", "x", "9" * 30):
        assert office.get(CHOOSE, {"page": page}).status_code == 200


@pytest.mark.parametrize("picture", ["0", "-1", "x", "999999", "9" * 17, "9" * 40, "1;2", "\0"])
def test_an_unknown_picture_is_none(office, picture):
    response = office.get(CHOOSE, {"picture": picture})

    assert response.status_code == 200
    assert response.context["library"].chosen is None


def test_the_number_of_queries_does_not_grow_with_the_library(office, django_assert_max_num_queries):
    for _ in range(2):
        picture = make_picture()
        PlacedPicture.objects.create(parent=make_page(), region="main", picture=picture, alt="Words")
    with django_assert_max_num_queries(25) as few:
        office.get(CHOOSE, {"picture": picture.pk})
    for _ in range(6):
        PlacedPicture.objects.create(parent=make_page(), region="main", picture=make_picture(), alt="Words")
    with django_assert_max_num_queries(len(few)):
        office.get(CHOOSE, {"picture": picture.pk})


def test_an_upload_is_kept_with_a_title_from_its_file_and_shown(office):
    response = send_file(office, name="treatment_room-2.JPG")

    picture = Picture.objects.get()
    assert (picture.title, picture.alt, picture.is_decorative) == ("Treatment room 2", "", False)
    assert response["Location"] == f"{CHOOSE}?picture={picture.pk}&done=uploaded"
    page = office.get(response["Location"]).content.decode()
    assert "in the library now" in page
    assert "Until then, a page with it can't be published." in page


def test_titles_of_uploads_are_unique(office):
    make_picture(title="treatment ROOM")
    for _ in range(2):
        send_file(office, name="Treatment room.png", kind="PNG")

    assert sorted(Picture.objects.values_list("title", flat=True)) == [
        "Treatment room 2", "Treatment room 3", "treatment ROOM",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("IMG_1234.JPG", "IMG 1234"),
        ("../../etc/passwd.png", "Passwd"),
        ("C:\\Users\\Ana\\Desk top\\my photo.jpeg", "My photo"),
        ("<script>alert(1)</script>.jpg", "Script"),
        ("a\u202egpj.exe", "A gpj"),
        ("photo.tar.gz", "Photo"),
        ("Zo\u0065\u0308 \u00e0 l'eau.jpg", "Zo\u00eb \u00e0 l'eau"),
        ("\u0000\u0007.jpg", "Picture"),
        ("....", "Picture"),
        ("", "Picture"),
        ("x" * 500 + ".jpg", "X" + "x" * 111),
    ],
)
def test_titles_come_clean_from_hostile_file_names(name, title):
    assert title_of_file(name) == title


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"\0\0\0\x18ftypheic" + b"\0" * 300, "IMG_0001.jpg", image_upload.HEIC),
        (b"\0\0\0\x18ftypmif1" + b"\0" * 300, "IMG_0001.HEIC", image_upload.HEIC),
        (b"not a picture at all", "IMG_0001.heic", image_upload.HEIC),
        (b"not a picture at all", "IMG_0001.HEIF", image_upload.HEIC),
        (b"not a picture at all", "notes.jpg", image_upload.NOT_A_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x.svg", image_upload.NOT_A_PICTURE),
        (png_that_claims(60_000, 60_000), "x.png", "too many pixels"),
        (picture_bytes(size=(900, 900))[:5000], "x.jpg", image_upload.DAMAGED),
        (picture_bytes(size=(20, 20)), "x.jpg", "too small"),
        (b"", "x.jpg", "empty"),
    ],
    ids=["HEIC", "HEIF", "HEIC by name", "HEIF by name", "text", "SVG", "bomb", "damaged", "tiny", "empty"],
)
def test_a_refused_upload_says_why_in_the_chooser(office, content, name, message):
    (error,) = upload_errors(send_file(office, content, name))

    assert message in error
    assert not Picture.objects.exists()


def test_an_upload_that_is_too_large_or_missing_says_so(office, monkeypatch):
    monkeypatch.setattr(image_upload, "LARGEST_FILE", 1000)
    assert upload_errors(send_file(office)) == [image_upload.TOO_LARGE]
    assert upload_errors(office.post(UPLOAD)) == ["Choose a picture first."]
    assert "Settings, Camera, Formats" in image_upload.HEIC


def test_a_picture_named_heic_that_is_a_jpeg_is_taken(office):
    assert send_file(office, name="IMG_0001.HEIC").status_code == 302


def test_details_are_stored_and_the_list_stays_as_it_was(office):
    picture = make_picture(title="Path")
    data = DETAILS | {
        "focal_x": "30", "focal_y": "80", "alt": "A path\r\nuphill", "credit": "Ana", "subject": "rooms",
        "q": "pa", "show": "unused", "page": "1",
    }  # fmt: skip

    response = office.post(f"{CHOOSE}{picture.pk}/", data)

    picture.refresh_from_db()
    assert (picture.focal_x, picture.focal_y, picture.alt) == (30, 80, "A path uphill")
    assert (picture.credit, picture.subject, picture.is_decorative) == ("Ana", "rooms", False)
    assert response["Location"] == f"{CHOOSE}?q=pa&show=unused&picture={picture.pk}&done=saved"
    assert "Path" in str(office.get(f"/admin/content/picture/{picture.pk}/history/").content)


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"title": "Taken"}, "title", "Another picture already has this name. Choose a different one."),
        ({"title": ""}, "title", "This field is required."),
        ({"alt": "A path", "is_decorative": "on"}, "is_decorative", "not both"),
        ({"alt": "x" * 201}, "alt", "This is too long"),
        ({"focal_x": "101"}, "focal_x", "less than or equal to 100"),
        ({"subject": "cats"}, "subject", "valid choice"),
    ],
)
def test_refused_details_say_why_and_keep_what_was_written(office, data, field, message):
    make_picture(title="Taken")
    picture = make_picture(title="Path")

    response = office.post(f"{CHOOSE}{picture.pk}/", DETAILS | {"credit": "Ana Blue"} | data)

    assert response.status_code == 422
    assert message in response.context["details_form"].errors[field][0]
    assert "Ana Blue" in response.content.decode()
    picture.refresh_from_db()
    assert (picture.title, picture.credit) == ("Path", "")


def test_the_library_s_own_form_refuses_a_description_of_mere_decoration(office):
    picture = make_picture(title="Path")
    address = f"/admin/content/picture/{picture.pk}/change/"

    both = office.post(address, DETAILS | {"alt": "A path", "is_decorative": "on"})
    one = office.post(address, DETAILS | {"alt": "A path", "subject": "rooms"})

    assert "not both" in both.context["adminform"].form.errors["is_decorative"][0]
    assert one.status_code == 302
    picture.refresh_from_db()
    assert (picture.alt, picture.subject) == ("A path", "rooms")


def test_the_library_s_own_list_filters_by_subject_and_use(office):
    used, _ = make_picture(title="Path", subject="rooms"), make_picture(title="Amara", subject="people")
    make_page(hero_picture=used, hero_alt="A path")

    def titles(query):
        changelist = office.get(f"/admin/content/picture/?{query}").context["cl"]
        return [picture.title for picture in changelist.result_list]

    assert titles("subject__exact=rooms") == ["Path"]
    assert titles("use=no") == ["Amara"]
    assert titles("") == ["Amara", "Path"]


def test_states_tell_when_the_renditions_are_made(office):
    picture = make_picture(title="Path", alt="A path")
    address = f"{STATES}?pictures={picture.pk},x,-1,999999"

    (waiting,) = office.get(address).json()["pictures"]
    prepare_waiting()
    (ready,) = office.get(address).json()["pictures"]

    assert (waiting["state"], waiting["state_words"]) == ("waiting", "Being prepared…")
    assert waiting["thumbnail"] == picture.image.url
    assert (ready["state"], ready["state_words"]) == ("ready", "")
    assert ready["thumbnail"].endswith("-480.webp")
    assert (ready["title"], ready["alt"], ready["is_decorative"]) == ("Path", "A path", False)
    assert office.get(STATES).json() == {"pictures": []}


@pytest.mark.parametrize(
    ("state", "words", "has_picture"),
    [("failed", "Save it as a JPEG and upload it again.", True), ("missing", "Its file is missing.", False)],
)
def test_a_picture_that_could_not_be_prepared_says_what_to_do(office, state, words, has_picture):
    picture = make_picture()
    PictureFile.objects.update(state=state)

    (answer,) = office.get(f"{STATES}?pictures={picture.pk}").json()["pictures"]

    assert words in answer["state_words"]
    assert bool(answer["thumbnail"]) == has_picture
    assert words in office.get(f"{CHOOSE}?picture={picture.pk}").content.decode()


def test_the_chooser_says_where_a_picture_is_used(office, log_in):
    picture = make_picture()
    page = make_page(title="Back pain", hero_picture=picture, hero_alt="A path")
    address = f"{CHOOSE}?picture={picture.pk}"

    assert f'href="/admin/content/page/{page.pk}/change/"' in office.get(address).content.decode()


def test_a_chosen_picture_brings_its_description_to_a_place_without_one(office):
    plain, decorative = make_picture(alt="A path"), make_picture(is_decorative=True)
    page = make_page(is_published=False)
    address = f"/admin/content/page/{page.pk}/change/"
    data = form_of(office.get(address)) | {
        "hero_picture": str(plain.pk),
        "content_placedpicture_set-TOTAL_FORMS": "2",
        "content_placedpicture_set-0-region": "main", "content_placedpicture_set-0-ordering": "10",
        "content_placedpicture_set-0-picture": str(decorative.pk),
        "content_placedpicture_set-1-region": "main", "content_placedpicture_set-1-ordering": "20",
        "content_placedpicture_set-1-picture": str(plain.pk),
        "content_placedpicture_set-1-alt": "Words of this place",
    }  # fmt: skip

    response = office.post(address, data)

    assert response.status_code == 302, response.context["errors"]
    page.refresh_from_db()
    assert (page.hero_alt, page.hero_is_decorative) == ("A path", False)
    placed = PlacedPicture.objects.order_by("ordering").values_list("alt", "is_decorative")
    assert list(placed) == [("", True), ("Words of this place", False)]


def test_a_place_that_keeps_its_picture_keeps_its_words(office):
    picture = make_picture(alt="A path")
    page = make_page(is_published=False, hero_picture=picture, hero_alt="")
    address = f"/admin/content/page/{page.pk}/change/"

    office.post(address, form_of(office.get(address)) | {"lede": "Other words."})

    page.refresh_from_db()
    assert (page.lede, page.hero_alt) == ("Other words.", "")


def test_an_undecided_upload_can_be_placed_and_not_published(office):
    send_file(office)
    page = make_page(is_published=False)
    PlacedPicture.objects.create(parent=page, region="main", picture=Picture.objects.get())

    html = office.get(f"/admin/content/page/{page.pk}/publish/").content.decode()

    assert "Describe the picture, or tick that it&#x27;s only decoration." in html


def test_a_page_with_many_pictures_asks_once_for_their_titles(office, django_assert_max_num_queries):
    page = make_page(is_published=False)
    for _ in range(3):
        PlacedPicture.objects.create(parent=page, region="main", picture=make_picture(), alt="Words")

    with django_assert_max_num_queries(120) as captured:
        office.get(f"/admin/content/page/{page.pk}/change/")

    queries = [query["sql"] for query in captured.captured_queries if 'FROM "content_picture"' in query["sql"]]
    assert len([query for query in queries if "WHERE" not in query]) == 1


def test_no_path_of_the_server_is_shown(office, settings):
    picture = make_picture()
    PictureFile.objects.update(state="missing")

    pages = [office.get(f"{CHOOSE}?picture={picture.pk}"), office.get(f"{STATES}?pictures={picture.pk}")]
    pages.append(office.post(UPLOAD, {"image": SimpleUploadedFile("/etc/passwd", b"root")}))

    assert [page for page in pages if str(settings.MEDIA_ROOT).encode() in page.content] == []
