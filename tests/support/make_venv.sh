#!/bin/sh
# Create or update a virtual environment: make_venv.sh PYTHON FOLDER REQUIREMENTS
set -eu
python=$1 venv=$2 requirements=$3
if [ "$("$venv/bin/python" --version 2>/dev/null)" != "$("$python" --version)" ]; then
    "$python" -m venv --clear "$venv"
fi
if ! cmp -s "$requirements" "$venv/installed.txt"; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
    cp "$requirements" "$venv/installed.txt"
fi
"$venv/bin/python" -c 'import django, sys; print(f"Django {django.__version__} on Python {sys.version.split()[0]}")'
"$venv/bin/python" manage.py build_static --verbosity 0
