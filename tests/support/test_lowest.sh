#!/bin/sh
# Run some tests with the lowest versions that pyproject.toml allows (requirements-lowest.txt), at least one file for
# each dependency: forms, pictures, static files, logins, blocks, phone numbers, calendars, holidays, gunicorn.
set -eu
cd "$(dirname "$0")/../.."
unset DATABASE_URL

tests/support/make_venv.sh "${PYTHON:-python3}" .venv-lowest requirements-lowest.txt
exec .venv-lowest/bin/python -m pytest -q -n 2 --dist loadfile -m "not prove and not browser" "$@" \
    tests/booking/availability/test_rules.py tests/booking/views/test_details.py tests/clinic/ops/test_static_build.py tests/booking/ical/test_appointment_file.py \
    tests/content/admin/test_editing.py tests/content/media/test_pictures.py tests/clinic/ops/test_environment.py tests/booking/messages/test_every_email.py \
    tests/clinic/web/test_form_pack.py tests/clinic/ops/test_gunicorn.py tests/booking/messages/test_mail_server.py tests/booking/models/test_overlap_properties.py \
    tests/clinic/accounts/test_login.py tests/booking/admin/test_holiday_proposals.py tests/clinic/ops/test_tzdata.py
