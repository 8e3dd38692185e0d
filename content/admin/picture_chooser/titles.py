"""Titles of uploaded pictures, from the names of their files."""

import re
import unicodedata
from pathlib import PurePosixPath

from django.utils.translation import gettext

from content.models import Picture

LONGEST = Picture._meta.get_field("title").max_length or 120
ROOM_FOR_NUMBER = 8


def title_of_file(name: str) -> str:
    """Return readable words from a file name: "treatment_room-2.JPG" becomes "Treatment room 2"."""
    stem = PurePosixPath(name.replace("\\", "/")).name
    stem = re.sub(r"(\.[A-Za-z0-9]{1,5})+$", "", stem)
    shown = "".join(character if _is_shown(character) else " " for character in unicodedata.normalize("NFC", stem))
    words = " ".join(re.sub(r"[_\-.<>/\\:*?\"|]+", " ", shown).split())[: LONGEST - ROOM_FOR_NUMBER].strip()
    return words[:1].upper() + words[1:] if words else gettext("Picture")


def unique_title(wanted: str) -> str:
    """Return the title, with a number behind it if the library has one like it."""
    taken = {title.casefold() for title in Picture.objects.values_list("title", flat=True)}
    number, title = 1, wanted
    while title.casefold() in taken:
        number += 1
        title = f"{wanted} {number}"
    return title


def _is_shown(character: str) -> bool:
    """Whether it is a letter, mark, digit, sign or space: nothing invisible, unassigned or a control character."""
    return unicodedata.category(character)[0] not in "CZ" or character == " "
