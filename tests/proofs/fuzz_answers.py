"""Form data of the fuzz test: plausible, slightly wrong, and random."""

from html.parser import HTMLParser
from random import Random
from urllib.parse import quote_plus, urljoin

NAMES = [
    "Alice Martin", "Chloé Bélanger-Côté", "Siobhán O’Brien", "Нина Ковальчук", "李小龍", "محمد الأمين", "علی\u200cرضا",
    "ශ්\u200dරී", "Áápohkomii Ninaistáko", "ᐊᓄᕆ ᑲᓂᐹᐏᑦ", "สมชาย ใจดี", "Nguyễn Thị Minh Khai", "Þórður Æsir", "김민준",
    "<b>Bob</b>", "Bob; DTSTART:1970, \\n", "{{ 7*7 }} %s {0}", "=HYPERLINK(1) Bob", "Bob 🏳️\u200d🌈",
]  # fmt: skip
PHONES = ["403-555-0123", "(403) 555-0199", "+44 20 7946 0958", "1.403.555.0142"]
TEXTS = ["", "I am away", "My dog is ill. May I bring it?\r\n\r\nThank you", "Émilie 👩\u200d👧", "x" * 190]
DATES = ["1980-11-24", "2015-02-28", "2026-12-01", "2027-01-04", "2026-11-30"]

RUBBISH = [
    "", " ", "\x00", "Alice\x00", "\ud800", "\udfff\ud800", "\u202eecilA", "\u2066\u2069", "\u200b", "\u200d", "\ufeff",
    "\ufffd", "\uffff", "\U0010ffff", "\u3164", "Alice\r\nBcc: bob@patients.example", "\u2028", "\x1b[31m", "\x85",
    "٤٠٣٥٥٥٠١٢٣", "２０２６-１１-２４", "१२३", "²", "-1", "0", "1e309", "NaN", "inf", "9" * 5000, "-" + "9" * 400,
    "2147483648", "9223372036854775808", "0x10", "1_000", "True", "null", "None", "undefined", "[]", "{}",
    "[object Object]",
    "2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "2026-11-24T15:01Z",
    "9999-12-31T23:59Z", "0001-01-01T00:00Z",
    "2026-11-24T15:00:00.000001Z", "2026-11-01T07:30Z", "2026-W48-2", "20261124", "now",
    "' OR 1=1 --", "'; DROP TABLE x",
    "<script>alert(1)</script>", "../../etc/passwd", "%00", "%", "%s%n", "${7*7}", "{{7*7}}", "__class__",
    "\\", '"', "a@b",
    "a" * 300 + "@patients.example", "@", "alice@patients.example, bob@patients.example", "x" * 120, "x" * 121,
    "x" * 20_000,
    "e\u0301" * 200, "\U0001f469\u200d" * 50, "A" * 43, "steve-hansen", "assessment", "new", "returning", "yes", "on",
]  # fmt: skip


class Forms(HTMLParser):
    """The POST forms of a page: (action, {field name: (input type, values)})."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, tuple[str, list[str]]]]] = []
        self._open: dict[str, tuple[str, list[str]]] | None = None
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {} if values.get("method", "").lower() == "post" else None
            if self._open is not None:
                self.found.append((values.get("action", ""), self._open))
        elif self._open is None:
            return
        elif tag == "option":
            self._add(self._select, "select", values.get("value", ""))
        elif name := values.get("name", ""):
            if tag == "select":
                self._select = name
            elif tag in {"input", "textarea", "button"}:
                self._add(name, values.get("type", tag) if tag != "button" else tag, values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def _add(self, name: str, kind: str, value: str) -> None:
        assert self._open is not None
        self._open.setdefault(name, (kind, []))[1].append(value)


def fill_in(fields: dict[str, tuple[str, list[str]]], dice: Random) -> list[tuple[str, str]]:
    """Fill in a form with plausible values."""
    data = []
    for name, (kind, values) in fields.items():
        if kind == "button":
            # Of most forms the button has no name; a time is chosen by pressing its button.
            if dice.random() < (0.9 if name == "start" else 0.1):
                data.append((name, dice.choice(values)))
        elif kind == "checkbox":
            data += [(name, value or "on") for value in values if dice.random() < 0.7]
        elif kind in {"radio", "select", "hidden"}:
            data.append((name, dice.choice(values)))
        elif name == "homepage":
            data.append((name, "x" if dice.random() < 0.03 else ""))
        else:
            data.append((name, values[0] if values[0] and dice.random() < 0.5 else answer(name, kind, dice)))
    return data


def answer(name: str, kind: str, dice: Random) -> str:
    """Return a plausible value for a field of this name and input type."""
    if kind == "email" or "email" in name:
        return "home@patients.example" if dice.random() < 0.05 else f"p{dice.randrange(10**6)}@patients.example"
    if kind == "tel" or "phone" in name:
        return dice.choice(PHONES)
    if kind == "date" or "date" in name or name.endswith("_on"):
        return dice.choice(DATES)
    if "name" in name:
        return dice.choice(NAMES)
    return dice.choice(TEXTS)


def spoil(data: list[tuple[str, str]], dice: Random) -> list[tuple[str, str]]:
    """Change one field: a wrong, missing, duplicate, renamed or truncated value."""
    if not data:
        return [(dice.choice(["start", "name", "hold"]), dice.choice(RUBBISH))]
    position = dice.randrange(len(data))
    name, value = data[position]
    spoilt = {
        0: [(name, dice.choice(RUBBISH))],
        1: [],
        2: [(name, value), (name, dice.choice([value, *RUBBISH[:20]]))],
        3: [(name + dice.choice(["[]", "[0]", "[$ne]", "\x00", " "]), value)],
        4: [(name, value + dice.choice(RUBBISH[:12]))],
        5: [(name, value[: len(value) // 2])],
        6: [(name.upper(), value), ("is_staff", "1"), ("id", "1")],
    }[dice.randrange(7)]
    return data[:position] + spoilt + data[position + 1 :]


def rubbish(data: list[tuple[str, str]], dice: Random) -> list[tuple[str, str]]:
    """Randomise most values, and sometimes add random fields."""
    fields = [(name, dice.choice(RUBBISH) if dice.random() < 0.6 else value) for name, value in data]
    if dice.random() < 0.3:
        fields += [(dice.choice(RUBBISH), dice.choice(RUBBISH)) for _ in range(dice.randrange(30))]
    dice.shuffle(fields)
    return fields


def as_body(data: list[tuple[str, str]], dice: Random) -> tuple[bytes, str]:
    """Encode the fields as a request body with its content type, and sometimes return random bytes."""
    roll = dice.random()
    if roll < 0.02:
        return dice.randbytes(dice.randrange(400)), dice.choice(
            ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "text/plain"]
        )
    if roll < 0.12:
        edge = "fuzz"
        parts = [
            b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
            % (edge.encode(), _bytes(name).replace(b'"', b"%22"), _bytes(value))
            for name, value in data
        ]
        return b"".join(parts) + b"--fuzz--\r\n", f"multipart/form-data; boundary={edge}"
    text = "&".join(f"{quote_plus(_bytes(name))}={quote_plus(_bytes(value))}" for name, value in data)
    return text.encode(), "application/x-www-form-urlencoded"


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def where_to(action: str, page: str) -> str:
    return urljoin(page, action) if action else page
