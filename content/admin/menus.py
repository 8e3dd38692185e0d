"""Choosing which links stand above and below every page, and in which order."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from booking.fields import validate_has_a_letter
from booking.text import LineField
from content import menus
from content.models import Menu, MenuEntry, Page
from content.wording import VAGUE

# The main menu stands in one line on a computer, and in few on a phone that is 320 px wide.
MOST = {Menu.Kind.MAIN: 6, Menu.Kind.REACH: 8, Menu.Kind.LAST: 6}
LONGEST = {Menu.Kind.MAIN: 20, Menu.Kind.REACH: 40, Menu.Kind.LAST: 40}  # characters
LAST_PLACE = 9999


class EntryForm(forms.ModelForm):
    """One link: where it leads is chosen, never typed."""

    leads_to = forms.ChoiceField(required=False, label="Leads to")
    label = LineField(required=False, max_length=40, label="Words")
    position = forms.IntegerField(required=False, min_value=0, max_value=LAST_PLACE, label="Order")

    class Meta:
        model = MenuEntry
        fields: ClassVar = ["label", "position"]

    def __init__(self, *args: Any, places: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leads_to"].choices = places  # type: ignore[attr-defined]
        if self.instance.pk:
            page, place = self.instance.page_id, self.instance.place
            self.initial["leads_to"] = f"page:{page}" if page else f"place:{place}"
        else:
            self.initial["position"] = None

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        kind, _, key = given.get("leads_to", "").partition(":")
        self.instance.place = key if kind == "place" else ""
        self.instance.page_id = int(key) if kind == "page" else None
        if given.get("position") is None:
            given["position"] = LAST_PLACE
        if not kind and not self.has_error("leads_to"):
            self.add_error("leads_to", "Choose where this link leads, or delete it.")
        return given


class EntryFormSet(BaseInlineFormSet):
    """The links of one menu together: none twice, not too many, never none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.titles, self.form_kwargs["places"] = _places()

    def clean(self) -> None:
        super().clean()
        kind = Menu.Kind(self.instance.kind)
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in kept if not form.cleaned_data.get("DELETE")]
        seen: set[str] = set()
        for form in kept:
            where, label = form.cleaned_data.get("leads_to", ""), form.cleaned_data.get("label", "")
            words = (label or self.titles.get(where, "")).casefold()
            if where and where in seen:
                form.add_error("leads_to", "This menu leads there already.")
            elif words and words in seen:
                form.add_error("label", "Another link of this menu has the same words.")
            seen |= {where, words}
            self._check_words(form, where, label, LONGEST[kind])
        if not kept:
            raise ValidationError("A menu needs at least one link.")
        if len(kept) > MOST[kind]:
            raise ValidationError(f"These are {len(kept)} links; {MOST[kind]} fit.")

    def _check_words(self, form: Any, where: str, label: str, longest: int) -> None:
        title = self.titles.get(where, "")
        if len(label) > longest:
            form.add_error("label", f"This is {len(label)} characters long; {longest} fit.")
        elif label.lower().strip(" .…") in VAGUE:
            form.add_error("label", "Say where it leads: people hear links read out alone.")
        elif label:
            try:
                validate_has_a_letter(label)
            except ValidationError:
                form.add_error("label", "Write words, with letters.")
        elif len(title) > longest:
            form.add_error("label", f"The page's title is {len(title)} characters long; {longest} fit. Write less.")


def _places() -> tuple[dict[str, str], list[Any]]:
    """What each choice is called, and the choices: the site's own places, and the treatments."""
    places = [(f"place:{place}", str(place.label)) for place in MenuEntry.Place if menus.address_of(place)]
    pages = [(f"page:{page.pk}", page.title) for page in Page.objects.treatments().order_by("title")]
    groups = [("", "Choose"), ("Places of every site", places), ("Treatments", pages)]
    return dict(places + pages), [group for group in groups if group[1]]


class EntryInline(admin.TabularInline):
    """Drawn by our own template: rows that are dragged, or moved with buttons (static/js/menu_order.js)."""

    model = MenuEntry
    form = EntryForm
    formset = EntryFormSet
    template = "admin/content/menu/entries.html"
    fields: ClassVar = ["leads_to", "label", "position"]
    extra = 2

    def get_max_num(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int | None:
        return MOST[Menu.Kind(obj.kind)] if obj else None

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, fields=["label", "position"], **kwargs)


@admin.register(Menu)
class MenuAdmin(admin.ModelAdmin):
    list_display = ["name", "seen", "left_out"]
    actions = None
    inlines = [EntryInline]
    fields: ClassVar = []

    class Media:
        css = {"all": ["css/content_admin.css", "css/content_menus.css"]}
        js = ["js/menu_order.js"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Menus", **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        entries = menus.read(timezone.now())
        for menu in changelist.result_list:
            menu.read = [entry for entry in entries if entry.menu_id == menu.pk]
        return changelist

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context["title"], context["subtitle"] = str(obj), None
        context["longest"], context["most"] = LONGEST[Menu.Kind(obj.kind)], MOST[Menu.Kind(obj.kind)]
        context["hidden"] = {
            entry.pk for entry in menus.read(timezone.now()) if entry.menu_id == obj.pk and not menus.link_of(entry)
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="menu")
    def name(self, menu: Menu) -> str:
        return str(menu)

    @admin.display(description="readers see")
    def seen(self, menu: Any) -> str:
        return ", ".join(link.label for link in map(menus.link_of, menu.read) if link) or "Nothing"

    @admin.display(description="left out while readers do not see the page")
    def left_out(self, menu: Any) -> str:
        return ", ".join(menus.name_of(entry) for entry in menu.read if not menus.link_of(entry))
