"""What may stand as a person's name in a form and in a mail: one rule for both.

Mails greet by name and go to any address that was typed, so a web address or a phone number as a name would be a way
to send advertisements. Initials and abbreviations before a surname (J.Smith, Mary St.Link, Wm.Penn) are names.
"""

import re
import unicodedata
from collections.abc import Iterable

# A web or e-mail address for certain: a scheme, an at sign, "www.", a path, or an ending that is nobody's name.
_ADDRESS = re.compile(
    r"://|@|\bwww\.|\w\.\w[\w.-]{0,253}/|\w\.(?:com|net|org|info|biz|io|xyz|edu|gov)(?![\w-])", re.IGNORECASE
)
# Endings of domains that are surnames, or parts of them, too. Before them, up to two letters are an initial or an
# abbreviation; three or more are the name of a site, or a first name with the space missing.
_ADDRESS_OR_NAME = re.compile(
    r"[^\W_][\w-]{2,62}\.(?:ai|app|au|bio|blog|ca|cam|cc|ch|click|club|cn|co|de|dev|eu|fr|fun|gd|gg|gl|in|is|it|kr|li|"
    r"link|live|ly|me|nl|nu|one|online|page|pl|pro|ru|sale|shop|site|store|support|to|today|top|tv|uk|us|vip|win|"
    r"world|zip)(?![\w-])",
    re.IGNORECASE,
)
_DOTS = str.maketrans({"\u3002": ".", "\uff61": "."})  # Browsers read both as the dot of a domain (UTS 46).
# A telephone number has at least seven digits; a name has hardly any.
_DIGITS_OF_A_PHONE_NUMBER = 7
_BETWEEN_WORDS = re.compile(r"[\s_,;:!?/|\\()\[\]<>=+*&#\"]+")
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.)+")
_LONGEST_FIRST_WORD = 24  # characters
_LONGEST_JUDGED = 1000  # characters; a longer name is refused for its length


def has_web_address(name: str) -> bool:
    """Whether a mail program might show part of this name as a link."""
    plain = _plain(name)
    return bool(_ADDRESS.search(plain) or _ADDRESS_OR_NAME.search(plain))


def has_phone_number(name: str) -> bool:
    """Whether the name has as many digits as a telephone number."""
    return sum(character.isdigit() for character in _plain(name)) >= _DIGITS_OF_A_PHONE_NUMBER


def safe_in_mail(name: str) -> str:
    """The name as a mail may show it: "" for a web address or a phone number.

    What could be either a web address or a first name and a surname gets the missing space, so that it is no link.
    """
    plain = _plain(name)
    if _ADDRESS.search(plain) or has_phone_number(name):
        return ""
    return re.sub(r"\.(?=\w)", ". ", plain) if _ADDRESS_OR_NAME.search(plain) else name


def first_word(name: str) -> str:
    """The first word of a name as a mail may show it that goes to an address that nobody has confirmed; or "".

    Whoever typed the name may have written a message in it. So what joins words (commas, underscores, dots, more than
    one hyphen) ends it, and so does a length that no given name has. Initials stay: J.Smith, J. R. Smith is J.
    """
    words = (word.strip("'’.-") for word in _BETWEEN_WORDS.split(safe_in_mail(name)))
    word = next((word for word in words if any(character.isalpha() for character in word)), "")
    initials = _INITIALS.match(word)
    start = initials[0] if initials else ""
    rest = "-".join(word[len(start) :].split(".")[0].split("-")[:2])
    return _cut(start + rest)


def _cut(word: str) -> str:
    """Cut a word to the length of a given name; ideographs, which need no spaces for a sentence, count threefold."""
    length = 0
    for index, character in enumerate(word):
        length += 3 if unicodedata.east_asian_width(character) in "WF" else 1
        if length > _LONGEST_FIRST_WORD:
            return word[:index]
    return word


def first_words(name: str, others: Iterable[str]) -> str:
    """``first_word()`` of a name; with the initial of the last word where one of the ``others`` begins with the same.

    ``others``: names of other people at the same e-mail address.
    """
    word, later_words = first_word(name), safe_in_mail(name).split()[1:]
    is_shared = any(
        other.casefold() != name.casefold() and first_word(other).casefold() == word.casefold() for other in others
    )
    initial = next(filter(str.isalpha, later_words[-1]), "") if later_words and is_shared else ""
    return f"{word} {initial.upper()}." if word and initial else word


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name[:_LONGEST_JUDGED]).translate(_DOTS)
