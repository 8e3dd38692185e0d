"""Make the shipped renditions of the sample clinic's pictures: the second step of ``make pictures``.

They are shipped because encoding AVIF would take half of the first start. This loads the sample into an empty
database, and copies the renditions that the site makes, and the rows that list them; loader.py stores both.
"""

import json
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
        for variable in ("DATABASE_URL", "MEDIA_ROOT", "MEDIA_STORAGE"):
            os.environ.pop(variable, None)
        django.setup()

        from django.core.management import call_command

        from content.models import PictureFile
        from content.sample.loader import MANIFEST, RENDITIONS

        shutil.rmtree(RENDITIONS, ignore_errors=True)
        RENDITIONS.mkdir()
        MANIFEST.write_text("{}")
        call_command("migrate", verbosity=0)
        call_command("load_sample")
        call_command("make_renditions")
        for path in sorted((Path(folder) / "media" / "renditions").iterdir()):
            shutil.copyfile(path, RENDITIONS / path.name)
        fields = ("digest", "focal_x", "focal_y", "width", "height", "renditions")
        rows = {row["name"]: row for row in PictureFile.objects.order_by("name").values("name", *fields)}
        listed = {name: {field: row[field] for field in fields} for name, row in rows.items()}
        MANIFEST.write_text(json.dumps(listed, indent=1) + "\n")
    size = sum(path.stat().st_size for path in RENDITIONS.iterdir())
    print(f"{size / 1024:6.0f} KB  {len(list(RENDITIONS.iterdir()))} renditions")


if __name__ == "__main__":
    main()
