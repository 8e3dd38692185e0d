"""Make the shipped renditions of the sample clinic's pictures: the second step of ``make pictures``.

They are shipped because encoding AVIF would take half of the first start. This loads the sample into an empty
database, and copies the renditions that the site makes; ``copy_renditions`` in loader.py stores them.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import django

HERE = Path(__file__).resolve().parent


def main() -> None:
    sys.path.insert(0, str(HERE.parent.parent))
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "clinic.settings", "VAR_DIR": folder}
        for variable in ("DATABASE_URL", "MEDIA_ROOT"):
            os.environ.pop(variable, None)
        django.setup()

        from django.core.management import call_command

        from content.sample.loader import RENDITIONS

        shutil.rmtree(RENDITIONS, ignore_errors=True)
        RENDITIONS.mkdir()
        call_command("migrate", verbosity=0)
        call_command("load_sample")
        for path in sorted((Path(folder) / "media" / "renditions").iterdir()):
            shutil.copyfile(path, RENDITIONS / path.name)
    size = sum(path.stat().st_size for path in RENDITIONS.iterdir())
    print(f"{size / 1024:6.0f} KB  {len(list(RENDITIONS.iterdir()))} renditions")


if __name__ == "__main__":
    main()
