"""Addresses of the chooser, below /admin/content/picture/choose/. ``office`` is the ModelAdmin of pictures."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.image_upload import HEIC, LARGEST_FILE, TOO_LARGE
from content.admin.editing.step_page import is_id
from content.admin.picture_chooser import listing
from content.admin.picture_chooser.forms import PictureDetailsForm, PictureUploadForm
from content.admin.picture_chooser.listing import LibraryQuery
from content.admin.protect_references import editor_url
from content.models import Picture

ADDRESS = "admin:content_picture_choose"
MOST_STATES = 100
DONE = {
    "uploaded": _("It's in the library now. Say what it shows, then use it."),
    "saved": _("Saved."),
}


def choose(office: Any, request: HttpRequest) -> HttpResponse:
    """Show the library: a page of its own, whose parts the editor's dialog shows, too."""
    if not office.has_view_or_change_permission(request):
        raise PermissionDenied
    return _show(office, request)


def upload(office: Any, request: HttpRequest) -> HttpResponse:
    if not office.has_add_permission(request):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = PictureUploadForm(request.POST, request.FILES, auto_id="picture-upload-%s")
    if not form.is_valid():
        return _show(office, request, upload_form=form)
    picture = form.save()
    office.log_addition(request, picture, [{"added": {}}])
    return HttpResponseRedirect(LibraryQuery(picture=picture.pk).address(reverse(ADDRESS), done="uploaded"))


def save_details(office: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Store the details of one picture, and show the list again as it was."""
    picture = get_object_or_404(Picture, pk=pk)
    if not office.has_change_permission(request, picture):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = _details_form(picture, request.POST)
    if not form.is_valid():
        return _show(office, request, details_form=form)
    if form.has_changed():
        form.save()
        office.log_change(request, picture, office.construct_change_message(request, form, None))
    query = LibraryQuery.from_data(request.POST)
    return HttpResponseRedirect(query.address(reverse(ADDRESS), picture=pk, done="saved"))


def states(office: Any, request: HttpRequest) -> HttpResponse:
    """Return the pictures ``?pictures=12,15`` as JSON: the scripts ask until their renditions are made."""
    if not office.has_view_or_change_permission(request):
        raise PermissionDenied
    ids = [int(one) for one in request.GET.get("pictures", "").split(",")[:MOST_STATES] if is_id(one)]
    return JsonResponse({"pictures": listing.states(ids)})


def _details_form(picture: Picture, data: Any = None) -> PictureDetailsForm:
    return PictureDetailsForm(data, instance=picture, auto_id="picture-details-%s")


def _show(
    office: Any,
    request: HttpRequest,
    *,
    upload_form: PictureUploadForm | None = None,
    details_form: PictureDetailsForm | None = None,
) -> HttpResponse:
    """Show the list, and beside it the picture that is chosen or whose details were refused."""
    query = LibraryQuery.from_data(request.POST if request.method == "POST" else request.GET)
    if details_form is not None:
        query = LibraryQuery(query.words, query.show, query.page, details_form.instance.pk)
    found = listing.search(query)
    may_change = found.chosen is not None and office.has_change_permission(request, found.chosen.picture)
    if found.chosen and may_change and details_form is None:
        details_form = _details_form(found.chosen.picture)
    base = reverse(ADDRESS)
    context = office.admin_site.each_context(request) | {
        "title": gettext("Choose a picture"),
        "opts": office.opts,
        "library": found,
        "base": base,
        "filters": [(one, query.address(base, show=one.value, page="1")) for one in found.filters],
        "pages": _pages(found, base),
        "upload_form": upload_form or PictureUploadForm(auto_id="picture-upload-%s"),
        "details_form": details_form if may_change else None,
        "used_on": _used_on(request, found),
        "done": DONE.get(request.GET.get("done", ""), ""),
        "may_add": office.has_add_permission(request),
        "may_change": may_change,
        "heic": HEIC,
        "too_large": TOO_LARGE,
        "largest_file": LARGEST_FILE,
    }
    refused = any(form is not None and form.errors for form in (upload_form, details_form))
    return TemplateResponse(request, "admin/content/picture/choose.html", context, status=422 if refused else 200)


def _pages(found: listing.Library, base: str) -> dict[str, str]:
    """Return the addresses of the pages of the list before and after this one."""
    page, addresses = found.page, {}
    if page.has_previous():
        addresses["previous"] = found.query.address(base, page=str(page.previous_page_number()))
    if page.has_next():
        addresses["next"] = found.query.address(base, page=str(page.next_page_number()))
    return addresses


def _used_on(request: HttpRequest, found: listing.Library) -> list[tuple[Any, str]]:
    """Return what uses the chosen picture, with the address of its editor for those who may open it."""
    used = []
    for usage in found.chosen.usages if found.chosen else []:
        opts = usage.by._meta
        may_see = request.user.has_perm(f"content.view_{opts.model_name}")  # type: ignore[union-attr]
        used.append((usage.by, editor_url(usage.by) if may_see else ""))
    return used
