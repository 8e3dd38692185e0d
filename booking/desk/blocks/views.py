"""POST /desk/blocks/...: block time, change and remove a block, and resolve the visits inside."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from booking import scheduling
from booking.desk.blocks.access import blocking_page
from booking.desk.blocks.away_panel import AWAY, away_panel
from booking.desk.blocks.block_panel import Preview, block_form, block_panel, preview_of, with_preset
from booking.desk.blocks.forms import BlockForm, SpanForm
from booking.desk.blocks.inside import ask, give, report
from booking.desk.calendar.page import CalendarPage, back_url, page_behind, render_page
from booking.desk.calendar.params import NO_PANEL
from booking.formatting import full_stop
from booking.models import TimeOff
from booking.scheduling import Actor, BlockedTime, NotBlocked
from booking.staff.access import own_practitioner
from booking.staff.inputs import focus_first_error
from booking.staff.undo import offer_undo

CLOSED = {**NO_PANEL}
WRITE = "write"  # The buttons that write the block: "ask" emails the patients inside, "only" does not.


@require_POST
@blocking_page
def add(request: HttpRequest) -> HttpResponse:
    """Block the time, if a button says so and its visits inside were shown; else show what is inside."""
    page = page_behind(request)
    if "preset" in request.POST:
        return _show(page, with_preset(page, request.POST))
    form = block_form(page, request.POST)
    if not form.is_valid():
        return _show(page, form, status=422)
    preview = preview_of(page, form)
    if WRITE not in request.POST:
        return _show(page, form)
    if {str(row.visit.pk) for row in preview.inside} - set(request.POST.get("seen", "").split(",")):
        messages.info(request, gettext("Nothing is blocked yet: look at the visits in this time first."))
        return _show(page, form, status=422)
    try:
        block = _write(request, page, form)
    except NotBlocked as refused:
        form.add_error(None, refused.message)
        return _show(page, form, status=422)
    _resolve(request, page, preview)
    _offer_undo(request, block, preview)
    has_visits = bool(preview.inside) and bool(block.time_off)
    shown = {"do": AWAY, "block": block.time_off[0].pk} if has_visits else {}
    return redirect(back_url(request, **{**CLOSED, **shown}))


def _show(page: CalendarPage, form: BlockForm, status: int = 200) -> HttpResponse:
    focus_first_error(form)
    panel = block_panel(page, form)
    if panel is None:
        raise Http404
    return _stay(render_page(page, panel, status=status))


def _stay(response: HttpResponse) -> HttpResponse:
    """Let htmx keep the calendar's address, as this one takes forms only."""
    response["HX-Push-Url"] = "false"
    return response


def _write(request: HttpRequest, page: CalendarPage, form: BlockForm) -> BlockedTime:
    common: dict[str, Any] = {
        "span": form.span,
        "weeks": form.week_count,
        "by": Actor.staff(request.user),
        "now": page.now,
    }
    if form.closes_clinic:
        return scheduling.close_clinic(name=form.cleaned_data["note"], **common)
    values = form.cleaned_data
    return scheduling.block_time(practitioners=form.chosen, kind=values["kind"], note=values["note"], **common)


def _resolve(request: HttpRequest, page: CalendarPage, preview: Preview) -> None:
    """Give the visits away that were given to somebody, and email the others, if the button says so."""
    if not request.user.has_perm("booking.change_appointment"):  # type: ignore[union-attr]
        return
    given, others = 0, []
    for row in preview.inside:
        chosen = request.POST.get(row.give_name, "")
        to = next((person for person in row.free if str(person.pk) == chosen), None)
        if to is not None:
            given += give(request, row.visit, to, now=page.now)
        else:
            others.append(row)
    asked = ask(request, others, now=page.now) if request.POST[WRITE] == "ask" else 0
    report(request, given=given, asked=asked)


def _offer_undo(request: HttpRequest, block: BlockedTime, preview: Preview) -> None:
    names = [row.practitioner.given_names for row in block.time_off]
    who = ", ".join(dict.fromkeys(names)) if names else gettext("Whole clinic")
    sentence = gettext("Blocked: %(who)s, %(when)s") % {"who": who, "when": full_stop(preview.words_with_day)}
    if block.released:
        sentence += " " + ngettext(
            "%(n)d person was just booking in this time and has to choose another.",
            "%(n)d people were just booking in this time and have to choose another.",
            block.released,
        ) % {"n": block.released}
    offer_undo(request, sentence, reverse("desk:remove_batch", args=[block.batch]), {})


@require_POST
@blocking_page
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a block another time or reason."""
    row = _block(request, pk)
    page = page_behind(request)
    form = SpanForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            scheduling.change_block(
                time_off=row,
                span=form.span,
                kind=values["kind"],
                note=values["note"],
                by=Actor.staff(request.user),
                now=page.now,
            )
        except NotBlocked as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, gettext("Changed."))
            return redirect(back_url(request))
    focus_first_error(form)
    panel = away_panel(page, form) or block_panel(page)
    if panel is None:
        raise Http404
    return _stay(render_page(page, panel, status=422))


@require_POST
@blocking_page
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one block; its time can be booked again."""
    row = _block(request, pk)
    try:
        scheduling.remove_block(time_off=row, by=Actor.staff(request.user))
    except NotBlocked as refused:
        messages.error(request, refused.message)
    else:
        sentence = gettext("Removed. %(person)s can be booked in this time again.")
        messages.success(request, sentence % {"person": row.practitioner.given_names})
    return redirect(back_url(request, **CLOSED))


@require_POST
@blocking_page
def remove_batch(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Delete all that was blocked in one go, and no visit. Undo leads here, too."""
    try:
        count = scheduling.remove_batch(batch=batch, by=Actor.staff(request.user))
    except NotBlocked as refused:
        messages.error(request, refused.message)
    else:
        gone = gettext("The block was removed already.")
        messages.success(request, gettext("Removed. The time can be booked again.") if count else gone)
    return redirect(back_url(request, **CLOSED))


def _block(request: HttpRequest, pk: int) -> TimeOff:
    own = own_practitioner(request)
    rows = TimeOff.objects.filter(practitioner=own) if own else TimeOff.objects.all()
    return get_object_or_404(rows.select_related("practitioner"), pk=pk)
