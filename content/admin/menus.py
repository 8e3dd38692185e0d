"""Admin of the menus in the header and footer of every page."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import LineField, validate_has_a_letter
from content.blocks.block_text import VAGUE
from content.models import Menu, MenuEntry, Page
from content.site import menus

# So that the main menu fits in one line on a computer, and in few lines on a phone 320 px wide.
MAX_LINKS = {Menu.Kind.MAIN: 6, Menu.Kind.REACH: 8, Menu.Kind.LAST: 6}
MAX_LABEL_LENGTH = {Menu.Kind.MAIN: 20, Menu.Kind.REACH: 40, Menu.Kind.LAST: 40}  # characters
LAST_POSITION = 9999


class EntryForm(forms.ModelForm):
    """One link. Its target is chosen from a list, never typed."""

    leads_to = forms.ChoiceField(required=False, label=_("Goes to"))
    label = LineField(required=False, max_length=40, label=_("Text"))
    position = forms.IntegerField(required=False, min_value=0, max_value=LAST_POSITION, label="Order")

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
        data: dict[str, Any] = super().clean() or self.cleaned_data
        kind, _, key = data.get("leads_to", "").partition(":")
        self.instance.place = key if kind == "place" else ""
        self.instance.page_id = int(key) if kind == "page" else None
        if data.get("position") is None:
            data["position"] = LAST_POSITION
        if not kind and not self.has_error("leads_to"):
            self.add_error("leads_to", gettext("Choose where this link goes, or delete it."))
        return data


class EntryFormSet(BaseInlineFormSet):
    """The links of one menu: no duplicates, at least one, at most MAX_LINKS."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.titles, self.form_kwargs["places"] = _places()

    def clean(self) -> None:
        super().clean()
        kind = Menu.Kind(self.instance.kind)
        entries = [form for form in self.forms if form.has_changed() or form.instance.pk]
        entries = [form for form in entries if not form.cleaned_data.get("DELETE")]
        seen: set[str] = set()
        for form in entries:
            target, label = form.cleaned_data.get("leads_to", ""), form.cleaned_data.get("label", "")
            shown_label = (label or self.titles.get(target, "")).casefold()
            if target and target in seen:
                form.add_error("leads_to", gettext("This menu already has a link to that."))
            elif shown_label and shown_label in seen:
                form.add_error("label", gettext("Another link in this menu has the same text."))
            seen |= {target, shown_label}
            self._check_label(form, target, label, MAX_LABEL_LENGTH[kind])
        if not entries:
            raise ValidationError("A menu needs at least one link.")
        if len(entries) > MAX_LINKS[kind]:
            raise ValidationError(f"This menu has {len(entries)} links. The limit is {MAX_LINKS[kind]}.")

    def _check_label(self, form: Any, target: str, label: str, longest: int) -> None:
        title = self.titles.get(target, "")
        if len(label) > longest:
            form.add_error("label", f"This has {len(label)} characters. The limit is {longest}.")
        elif label.lower().strip(" .…") in VAGUE:
            form.add_error("label", gettext("Say where it goes: screen readers read links out on their own."))
        elif label:
            try:
                validate_has_a_letter(label)
            except ValidationError:
                form.add_error("label", gettext("Use words, not only signs."))
        elif len(title) > longest:
            form.add_error(
                "label",
                f"The page's title has {len(title)} characters. The limit here is {longest}: type a shorter text.",
            )


def _places() -> tuple[dict[str, str], list[Any]]:
    """Return a title for each choice of a link's target, and the choices in groups."""
    places = [(f"place:{place}", str(place.label)) for place in MenuEntry.Place if menus.address_of(place)]
    treatments = [(f"page:{page.pk}", page.title) for page in Page.objects.treatments().order_by("title")]
    ordinary = [(f"page:{page.pk}", page.title) for page in Page.objects.ordinary().order_by("title")]
    groups = [("", "Choose"), (gettext("Parts of the site"), places), ("Pages", ordinary), ("Treatments", treatments)]
    return dict(places + ordinary + treatments), [group for group in groups if group[1]]


def _entries_with_links() -> list[tuple[MenuEntry, menus.MenuLink | None]]:
    """Return the entries of every menu, each with its link, or None while its page is not live."""
    entries = menus.entries()
    pages = menus.live_pages(timezone.now(), pages={entry.page_id for entry in entries if entry.page_id is not None})
    return [(entry, menus.link_of(entry, pages)) for entry in entries]


class EntryInline(admin.TabularInline):
    """Entries in a template of our own, reordered by dragging or with buttons (static/js/menu_order.js)."""

    model = MenuEntry
    form = EntryForm
    formset = EntryFormSet
    template = "admin/content/menu/entries.html"
    fields: ClassVar = ["leads_to", "label", "position"]
    extra = 2

    def get_max_num(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int | None:
        return MAX_LINKS[Menu.Kind(obj.kind)] if obj else None

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, fields=["label", "position"], **kwargs)


@admin.register(Menu)
class MenuAdmin(admin.ModelAdmin):
    list_display = ["name", "seen", "left_out"]
    actions = None
    inlines = [EntryInline]
    fields: ClassVar = []

    class Media:
        css = {"all": ["css/admin/content/editing.css", "css/admin/content/menus.css"]}
        js = ["js/menu_order.js"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Menus", **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        entries = _entries_with_links()
        for menu in changelist.result_list:
            menu.entries_with_links = [(entry, link) for entry, link in entries if entry.menu_id == menu.pk]
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
        context["longest"], context["most"] = MAX_LABEL_LENGTH[Menu.Kind(obj.kind)], MAX_LINKS[Menu.Kind(obj.kind)]
        context["hidden"] = {
            entry.pk for entry, link in _entries_with_links() if entry.menu_id == obj.pk and link is None
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="menu")
    def name(self, menu: Menu) -> str:
        return str(menu)

    @admin.display(description="readers see")
    def seen(self, menu: Any) -> str:
        return ", ".join(link.label for _entry, link in menu.entries_with_links if link) or "Nothing"

    @admin.display(description=_("left out while readers don't see the page"))
    def left_out(self, menu: Any) -> str:
        return ", ".join(str(entry) for entry, link in menu.entries_with_links if link is None)
