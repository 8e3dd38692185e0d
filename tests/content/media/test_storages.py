"""Pictures behave alike in a folder, in memory and in the bucket of a real object store."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from clinic.ops.environment.media import bucket_storage
from clinic.ops.outages import OutageLog
from content.media import preparation, share_images, stored_files
from content.media.earlier_manifests import manifest_name
from content.media.preparation import check_files, prepare_waiting
from content.media.renditions import PictureFiles, PictureSources
from content.models import PictureFile
from tests.support import factories
from tests.support.content_factories import make_page, make_picture, picture_bytes, picture_upload
from tests.support.object_store import object_store

pytestmark = [pytest.mark.django_db]
MEMORY = {"BACKEND": "django.core.files.storage.InMemoryStorage"}


@pytest.fixture(scope="module")
def bucket_url(tmp_path_factory):
    with time_machine.travel(real_now()), object_store(tmp_path_factory.mktemp("store")) as url:
        yield url


def real_now():
    return datetime.fromtimestamp(time_machine.escape_hatch.time.time(), UTC)


@pytest.fixture(params=["folder", "memory", pytest.param("bucket", marks=pytest.mark.prove)])
def storage(request, settings, tmp_path):
    """Each storage in turn. With the bucket the clock is right, because requests are signed with the time."""
    if request.param == "memory":
        settings.STORAGES = settings.STORAGES | {"default": MEMORY}
    if request.param == "bucket":
        url = request.getfixturevalue("bucket_url").replace("?", f"/{tmp_path.name}?")
        settings.STORAGES = settings.STORAGES | {"default": bucket_storage(url)}
        with time_machine.travel(real_now(), tick=True):
            yield
    else:
        yield


@pytest.fixture
def picture(storage):
    made = make_picture(image=picture_upload("path.jpg", size=(700, 500)))
    prepare_waiting()
    return made


def sources_of(picture):
    return PictureFiles().sources(picture.image)


def shown_names(picture):
    """The names of all files that the page links to."""
    sources = sources_of(picture)
    urls = [sources.src, *(part.split()[0] for _kind, srcset in sources.sources for part in srcset.split(", "))]
    return [url.removeprefix("/media/") for url in urls]


def test_an_upload_is_served_from_its_storage_with_all_its_renditions(picture, client):
    names = shown_names(picture)
    assert len(names) == 1 + 2 + 2
    for name in [*names, picture.image.name]:
        response = client.get(f"/media/{name}")
        content = b"".join(response.streaming_content)
        assert response.status_code == 200
        assert response["Content-Length"] == str(len(content))
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        assert Image.open(io.BytesIO(content)).get_format_mimetype() == response["Content-Type"]


def test_the_original_is_shown_until_the_renditions_are_ready(storage, client):
    page = make_page(hero_picture=make_picture(image=picture_upload(size=(700, 500))), hero_alt="A path")

    before = client.get(page.get_absolute_url()).content.decode()
    prepare_waiting()
    after = client.get(page.get_absolute_url()).content.decode()

    assert 'width="700" height="500"' in before
    assert 'width="700" height="500"' in after
    assert ("<source" in before, "<source" in after) == (False, True)


def test_a_head_request_and_a_known_etag_send_no_picture(picture, client):
    address = f"/media/{picture.image.name}"
    got = client.get(address)
    got.close()

    head = client.head(address)
    known = client.get(address, headers={"If-None-Match": got["ETag"]})

    assert (head.status_code, head["Content-Length"], head["ETag"]) == (200, got["Content-Length"], got["ETag"])
    assert b"".join(head) == b""
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", got["ETag"])


@pytest.mark.parametrize(
    "path",
    ["", "pictures", "pictures/", "pictures/nothing.jpg", "../outside.jpg", "pictures/../../outside.jpg", "/etc/x.jpg",
     "pictures//x.jpg", "pictures/./x.jpg", "..%2foutside.jpg", "..\\outside.jpg", "x.json", "x.html", "x.jpg%00",
     "folder.jpg", "x" * 252 + ".jpg", "x/" * 600 + "x.jpg"],
)  # fmt: skip
def test_nothing_else_is_served(storage, client, tmp_path, path):
    (tmp_path / "outside.jpg").write_bytes(b"secret")
    for name in ("x.json", "x.html", "pictures/x.jpg", "folder.jpg/x.jpg"):
        default_storage.save(name, ContentFile(b"x"))

    assert client.get(f"/media/{path}").status_code == 404


def test_uploads_of_one_content_get_files_of_their_own(storage):
    first, second = make_picture(image=picture_upload()), make_picture(image=picture_upload())
    prepare_waiting()

    first.delete()
    prepare_waiting()

    assert first.image.name != second.image.name
    assert all(default_storage.exists(name) for name in shown_names(second))


def test_a_deleted_picture_leaves_no_file(picture):
    picture.delete()
    prepare_waiting()

    assert stored_files.names_in("pictures") | stored_files.names_in("renditions") == set()


def test_a_share_card_is_drawn_once_and_shared(storage, client):
    factories.make_clinic()
    page = make_page()

    assert share_images.create_missing() == "Pictures for shared links made: 1."
    assert share_images.create_missing() == ""

    (name,) = stored_files.names_in("share")
    assert f'content="http://127.0.0.1:8000/media/{name}"' in client.get(page.get_absolute_url()).content.decode()


def test_lost_renditions_are_made_again(picture):
    names = shown_names(picture)
    stored_files.delete(names[:2])

    check_files()
    prepare_waiting()

    assert shown_names(picture) == names
    assert all(default_storage.exists(name) for name in names)


def test_a_missing_original_is_reported_once_and_used_when_it_is_back(picture, caplog, admin_client):
    content = stored_files.read(picture.image.name)
    before = sources_of(picture)
    default_storage.delete(picture.image.name)
    assert check_files() == "Pictures that are not in the storage: 1."
    assert check_files() == ""
    assert caplog.text.count("is not in the storage") == 1
    assert sources_of(picture) == before  # Its renditions are there.
    assert '<span class="today__what">picture not in the storage</span>' in admin_client.get("/admin/").content.decode()
    assert "file is missing" in admin_client.get("/admin/content/picture/").content.decode()

    default_storage.save(picture.image.name, ContentFile(content))
    PictureFile.objects.update(failed_at=PictureFile.objects.get().failed_at - timedelta(minutes=11))
    prepare_waiting()

    assert PictureFile.objects.get().state == PictureFile.State.READY


def test_an_upload_whose_file_is_lost_keeps_its_place_with_its_description(storage, client):
    lost = make_picture(image=picture_upload(size=(700, 500)))
    page = make_page(hero_picture=lost, hero_alt="A path in the hills")
    default_storage.delete(lost.image.name)

    prepare_waiting()

    html = " ".join(client.get(page.get_absolute_url()).content.decode().split())
    assert f'src="{lost.image.url}" alt="A path in the hills" width="700" height="500"' in html
    assert PictureFile.objects.get().state == PictureFile.State.MISSING


def test_the_sample_arrives_with_its_renditions(storage, monkeypatch):
    monkeypatch.setattr(Image.Image, "save", lambda *args, **kwargs: pytest.fail("A picture was encoded."))
    call_command("load_sample", verbosity=0, appointments=False)

    assert (check_files(), prepare_waiting()) == ("", "")


class TestWhenTheStorageIsAway:
    @pytest.fixture
    def _away(self, picture, settings):
        dead = bucket_storage("s3://key:secret@127.0.0.1:9/bucket?tls=off")
        settings.STORAGES = settings.STORAGES | {"default": dead}

    @pytest.mark.usefixtures("_away")
    def test_pages_show_their_pictures_and_pictures_answer_503(self, picture, client):
        page = make_page(hero_picture=picture, hero_alt="A path")

        html = client.get(page.get_absolute_url()).content.decode()
        response = client.get(f"/media/{picture.image.name}")

        assert sources_of(picture).src in html
        assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "30", "no-store")

    @pytest.mark.usefixtures("_away")
    def test_the_log_has_one_line_a_minute(self, picture, client, caplog, monkeypatch):
        log = OutageLog()
        monkeypatch.setattr("clinic.web.media.outage_log", log)

        for _ in range(3):
            client.get(f"/media/{picture.image.name}")
        log.report()
        log.report()

        said = [record.getMessage() for record in caplog.records if record.name == "clinic.outages"]
        problem = "The store of pictures does not answer (StoreUnavailable)."
        assert said == [
            f"{problem} Requests are answered with 503.",
            f"{problem} Requests refused in the last minute: 3.",
        ]

    @pytest.mark.usefixtures("_away")
    def test_the_worker_tries_again_and_marks_no_picture(self, picture):
        PictureFile.objects.update(state=PictureFile.State.WAITING, renditions={})

        for _ in range(2):
            with pytest.raises(OSError, match="does not answer"):
                prepare_waiting()

        row = PictureFile.objects.get()
        assert (row.state, row.claimed_until) == (PictureFile.State.WAITING, None)

    @pytest.mark.usefixtures("_away")
    def test_the_check_of_all_files_finds_none_missing(self, picture):
        with pytest.raises(OSError, match="does not answer"):
            check_files()

        assert PictureFile.objects.get().state == PictureFile.State.READY


class TestTwoWorkers:
    @pytest.fixture(autouse=True)
    def _memory(self, settings):
        settings.STORAGES = settings.STORAGES | {"default": MEMORY}

    @staticmethod
    def during(monkeypatch, do):
        """Call ``do`` while a worker is writing renditions."""
        write = preparation.write_renditions

        def write_slowly(row, **options):
            monkeypatch.setattr(preparation, "write_renditions", write)
            fields = write(row, **options)
            do()
            return fields

        monkeypatch.setattr(preparation, "write_renditions", write_slowly)

    def test_one_picture_is_made_once(self, monkeypatch):
        make_picture()
        other = []
        self.during(monkeypatch, lambda: other.append(prepare_waiting()))

        assert prepare_waiting() == "Pictures made ready: 1."
        assert other == [""]

    def test_a_worker_that_died_is_replaced_when_its_claim_ends(self, stopped_clock):
        make_picture()
        assert preparation.claim(PictureFile.objects.get().pk) is not None
        assert prepare_waiting() == ""

        with time_machine.travel(stopped_clock + preparation.CLAIM):
            assert prepare_waiting() == "Pictures made ready: 1."

    def test_a_focal_point_that_moves_meanwhile_wins(self, monkeypatch):
        picture = make_picture()
        picture.focal_x = 10
        self.during(monkeypatch, picture.save)

        prepare_waiting()
        prepare_waiting()

        shares = [name for name in stored_files.names_in("renditions") if "-share-" in name]
        assert [name.rpartition("-share-")[2] for name in shares] == ["10-50.jpg"]
        assert PictureFiles().share_url(picture.image).endswith("-share-10-50.jpg")

    def test_a_picture_that_is_deleted_meanwhile_leaves_no_file(self, monkeypatch):
        picture = make_picture()
        self.during(monkeypatch, lambda: (picture.delete(), prepare_waiting()))

        prepare_waiting()
        prepare_waiting()

        assert stored_files.names_in("pictures") | stored_files.names_in("renditions") == set()


def test_a_file_that_another_row_refers_to_is_not_deleted(picture):
    person = factories.make_practitioner(photo=picture.image.name)

    picture.delete()
    prepare_waiting()

    assert default_storage.exists(person.photo.name)
    assert PictureFile.objects.get().state in (PictureFile.State.WAITING, PictureFile.State.READY)


def test_rows_of_pictures_that_nothing_refers_to_go_after_a_day(picture):
    PictureFile.objects.create(name="pictures/unused.jpg", created_at=timezone.now() - timedelta(days=2))
    default_storage.save("pictures/unused.jpg", ContentFile(picture_bytes()))

    check_files()
    prepare_waiting()

    assert [row.name for row in PictureFile.objects.all()] == [picture.image.name]
    assert not default_storage.exists("pictures/unused.jpg")


class TestPicturesOfAnEarlierRelease:
    """Their renditions are listed in JSON files; the release before the table of picture files wrote these."""

    @pytest.fixture(autouse=True)
    def _stored_earlier(self, picture):
        """Write the manifest that the earlier release would have written, and forget the row."""
        row = PictureFile.objects.get()
        manifest = {"digest": row.digest, "focus": [50, 50], "width": 700, "height": 500} | row.renditions
        default_storage.save(manifest_name(row.name), ContentFile(json.dumps(manifest).encode()))
        row.delete()

    def test_are_adopted_without_encoding_and_twice_with_the_same_result(self, picture, monkeypatch):
        names = sorted(stored_files.names_in("renditions"))
        monkeypatch.setattr(Image.Image, "save", lambda *args, **kwargs: pytest.fail("A picture was encoded."))
        adopted = []
        for _ in range(2):
            check_files()
            prepare_waiting()
            adopted.append((sources_of(picture), PictureFiles().share_url(picture.image)))

        assert adopted[0] == adopted[1]
        assert len(adopted[0][0].sources) == 2
        assert sorted(stored_files.names_in("renditions")) == names  # The manifest, too: that release can come back.

    def test_are_shown_as_their_originals_until_then(self, picture):
        assert sources_of(picture) == PictureSources(picture.image.url, 700, 500)

    def test_leave_no_file_when_they_are_deleted(self, picture):
        picture.delete()
        prepare_waiting()

        assert stored_files.names_in("pictures") | stored_files.names_in("renditions") == set()

    @pytest.mark.parametrize("manifest", [b"", b"[]", b"not json", b'{"avif": []}'])
    def test_are_encoded_again_if_the_manifest_is_broken(self, picture, manifest):
        stored_files.store(manifest_name(picture.image.name), manifest)

        check_files()
        prepare_waiting()

        assert len(sources_of(picture).sources) == 2
