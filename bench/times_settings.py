"""Like ``bench.plain``, but its one view also asks for the free times of a week."""

from bench.plain import *  # noqa: F403

ROOT_URLCONF = "bench.times_urls"
