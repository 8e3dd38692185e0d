"""Two machines with their pictures in one object store: both show them, also while the store is away and back again."""

from io import BytesIO

import pytest
from PIL import Image

from content.models import Page, Picture, PictureFile
from tests.operations import alone
from tests.operations.network import wait_until
from tests.operations.people import Browser, Ledger, is_failure
from tests.operations.site import run_command
from tests.operations.test_agreement import TREATMENT, pictures_of
from tests.proofs import race_site
from tests.support.object_store import ObjectStore

pytestmark = [pytest.mark.prove, pytest.mark.operations]

ADD = "/admin/content/picture/add/"
FOCUS = {"focal_x": "50", "focal_y": "50"}


@pytest.fixture
def store(site, tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    store = ObjectStore(folder, site.network.address, checks_keys=False)
    try:
        store.start()
        store.make_bucket()
        yield store
    finally:
        store.kill()


@pytest.fixture
def hosts(site, store, tmp_path):
    """Another site on both machines: a copy of the clinic, but with the store."""
    url = site.database.copy("clinic", "stored")
    variables = {"DATABASE_URL": url, "MEDIA_STORAGE": store.url, "MEDIA_ROOT": str(tmp_path / "nowhere")}
    hosts = [alone.beside(host, tmp_path / host.machine.name, site.folder / "static", **variables)
             for host in site.hosts]  # fmt: skip
    copied = run_command(hosts[0], "copy_media", "--from", str(site.folder / "media"))
    assert copied.returncode == 0, copied.stderr
    taken = run_command(hosts[0], "take_over", "--sent-until", "now", "--yes", "--force")
    assert taken.returncode == 0, taken.stderr
    with (
        race_site.connected(site.database.plain_url("stored", address="127.0.0.1")),
        alone.up(hosts[0]),
        alone.up(hosts[1]),
    ):
        yield hosts


def png() -> bytes:
    content = BytesIO()
    Image.effect_noise((1200, 800), 40).convert("RGB").save(content, "PNG")
    return content.getvalue()


def show(staff: Browser, picture: Picture) -> None:
    """Put the picture at the top of a page."""
    page = Page.objects.get(kind=Page.Kind.TREATMENT, slug="dry-needling")
    page.hero_picture, page.hero_alt, page.hero_is_decorative = picture, "", True
    page.save()
    address = f"/admin/content/page/{page.pk}/publish/"
    fields = staff.get(address).fields | {"note": "", "goes_live_at": "", "override_reason": "A proof"}
    assert staff.post(address, fields, what="publish").status == 302


def test_machines_share_their_pictures_in_an_object_store_that_may_go_away(site, store, hosts):
    one, other = hosts
    staff = Browser(one.front, "127.3.1.1", Ledger(), "staff", site.staff_cookies)
    reader = Browser(other.front, "127.3.12.1", Ledger(), "reader")

    form = staff.get(ADD)
    uploaded = staff.upload(ADD, form.fields | FOCUS | {"title": "Uploaded"}, "image", "noise.png", png())
    assert uploaded.status == 302, [line for line in uploaded.text.splitlines() if "error" in line]
    picture = Picture.objects.get(title="Uploaded")
    show(staff, picture)
    assert f"/media/{picture.image.name}" in pictures_of(reader.get(TREATMENT).text)
    assert reader.get(f"/media/{picture.image.name}").status == 200

    worked = run_command(other, "work", "--once")
    row = PictureFile.objects.get(name=picture.image.name)
    assert row.state == PictureFile.State.READY, worked.stderr
    shown = pictures_of(reader.get(TREATMENT).text)
    assert any(address.startswith("/media/share/") for address in shown), shown
    assert f"/media/{row.renditions['fallback'][1]}" in shown
    for address in shown:
        answers = [Browser(host.front, "127.3.12.2", Ledger(), "reader").get(address) for host in hosts]
        assert [answer.status for answer in answers] == [200, 200], address
        assert answers[0].text == answers[1].text

    store.kill()
    address = f"/media/{row.renditions['fallback'][1]}"
    assert reader.get(TREATMENT).status == 200
    assert reader.try_once("GET", address).status == 503
    failed = staff.upload(ADD, staff.get(ADD).fields | FOCUS | {"title": "Not stored"}, "image", "noise.png", png())
    assert is_failure(failed.status)
    assert not Picture.objects.filter(title="Not stored").exists()
    store.start()
    wait_until(lambda: reader.try_once("GET", address).status == 200, seconds=60, what="pictures are back")
    assert PictureFile.objects.get(pk=row.pk).state == PictureFile.State.READY
