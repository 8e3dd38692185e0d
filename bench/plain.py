"""A Django view that fills a template and asks no database, behind the site's own middleware: the usual 1x."""

import os
from pathlib import Path

from clinic.settings import *  # noqa: F403

ROOT_URLCONF = "bench.plain_urls"
BENCH_WORDS = Path(os.environ["BENCH_BODY"]).read_text()
