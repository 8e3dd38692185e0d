"""Break web addresses in text that visitors typed, so that no mail program shows them to staff as links."""

import re

_DOT = re.compile(r"(?<=\w)[.\u3002\uff61\uff0e](?=[^\W\d_])")
_E_MAIL = re.compile(r"[^\s@/:]+@[^\s@/:]+")


def unlink(text: str) -> str:
    """Write a space into each web address: "bit. ly/x", "https: //example. com". E-mail addresses stay."""
    return "".join(part if _E_MAIL.fullmatch(part) else _unlink_word(part) for part in re.split(r"(\s+)", text))


def _unlink_word(word: str) -> str:
    return _DOT.sub(". ", word.replace("://", ": //"))
