"""Scripts of the page editor: ES modules, which find each other with an import map."""

from typing import Any

from js_asset import JSON, ImportMap, Media, Script

from content.admin.editing.arranging.kinds import block_kinds
from content.admin.editing.link_choices import link_choices
from content.admin.editing.preview.findings import Finding

MODULES = (
    "autosave",
    "bar",
    "block_actions",
    "block_menu",
    "block_order",
    "block_rows",
    "blocks",
    "checks",
    "comments",
    "dialogs",
    "form",
    "frame",
    "local_copy",
    "looks",
    "pasted_blocks",
    "pasted_html",
    "pasted_links",
    "pasted_text",
    "picture_dialog",
    "picture_states",
    "pictures",
    "preview",
    "rows",
    "saved_blocks",
)
IMPORT_MAP = ImportMap(
    {f"page-editor/{name}": f"js/page_editor/{name}.js" for name in MODULES} | {"focal-point": "js/focal_point.js"}
)


def editor_media(media: Any, findings: list[Finding], state: dict[str, Any] | None, *, nonce: str) -> Media:
    """Add the editor's scripts and their data to ``media``. js/adopt_styles.js comes first: see there."""
    media = Media(js=[Script("js/adopt_styles.js")]) + media
    media += Media(
        importmap=IMPORT_MAP,
        js=[
            JSON(findings, id="page-findings"),
            JSON(block_kinds(), id="block-kinds"),
            JSON(state, id="page-editor-state"),
            Script("js/page_editor/index.js", type="module"),
        ],
    )
    media += Media(js=[JSON(link_choices(), id="link-choices"), Script("js/link_choices.js", defer=True)])
    return Media.from_media(media, nonce=nonce)


def picture_field_media(media: Any, *, nonce: str) -> Media:
    """Add the scripts of fields that choose a picture to the ``media`` of a form that is no page editor."""
    media += Media(importmap=IMPORT_MAP, js=[Script("js/picture_fields.js", type="module")])
    return Media.from_media(media, nonce=nonce)
