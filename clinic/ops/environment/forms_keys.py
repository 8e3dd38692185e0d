"""The keys that encrypt patients' answers to health forms."""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from booking.ops.forms_key import HOW_TO_MAKE_A_FORMS_KEY
from clinic.ops.environment.key_files import make_key_file, read_key_file
from clinic.ops.environment.secret_files import secret

KEY_FILE = "forms_key"


def forms_keys(var_dir: Path, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the keys of FORMS_KEY or FORMS_KEY_FILE, newest first; else that of ``var/forms_key``, of a local site.

    Empty if there is none: then no form can be switched on. An invalid key is not repeated: the text reaches logs.
    """
    text = secret("FORMS_KEY", environ, may_be_empty=True) or read_key_file(var_dir / KEY_FILE)
    keys = text.replace(",", " ").split()
    if not all(map(_is_key, keys)):
        raise ImproperlyConfigured(
            "FORMS_KEY holds something that is no key. List whole keys, newest first, separated by spaces, commas or "
            f"lines. A key is made with: {HOW_TO_MAKE_A_FORMS_KEY}"
        )
    return keys


def make_forms_key(var_dir: Path) -> list[str]:
    """Make the key in ``var/forms_key`` unless there is one, and return it. Raises OSError."""
    make_key_file(var_dir / KEY_FILE, base64.urlsafe_b64encode(os.urandom(32)).decode())
    return forms_keys(var_dir, {})


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False
