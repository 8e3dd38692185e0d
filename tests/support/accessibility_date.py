"""Write down that the accessibility checks passed today. Run by ``make accessibility-date``, after the checks."""

from datetime import UTC, datetime

from clinic.ops.version import site_version
from content.pages.accessibility_check import FILE, AccessibilityCheck, write_check


def main() -> None:
    version = site_version().partition("+")[0]
    write_check(AccessibilityCheck(checked_on=datetime.now(UTC).date(), version=version))
    print(f"{FILE.name} is written. Commit it with the release.")


if __name__ == "__main__":
    main()
