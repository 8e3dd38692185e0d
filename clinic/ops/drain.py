"""Draining: a file in VAR_DIR tells balancers, through ``/readyz``, to send no new requests to this machine.

gunicorn removes the file when it starts (``clinic/ops/gunicorn.py``, which names it too, because it imports nothing).
"""

from pathlib import Path

from django.conf import settings

FILE_NAME = "draining"


def drain_file() -> Path:
    return Path(settings.VAR_DIR) / FILE_NAME


def is_draining() -> bool:
    return drain_file().exists()
