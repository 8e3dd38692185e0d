# The site and its worker as one image, and nginx in front as another (compose.yaml, docs/operations/containers.md).
# A test runs these steps in a folder of its own: tests/operations/test_dockerfile.py.

# The version of Python that the project's tests use, on Debian 13, whose PostgreSQL programs are of version 17.
ARG PYTHON_IMAGE=python:3.11-slim-trixie
ARG NGINX_IMAGE=nginx:1.28-trixie

# Build: the locked packages, the style sheets, and every static file with a hash in its name and compressed.
FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VAR_DIR=/var/lib/clinic \
    STATIC_ROOT=/srv/static
WORKDIR /srv/clinic
# Alone first: as long as the lock stays the same, this layer is taken from the build cache.
COPY requirements-full.txt ./
RUN python3 -m venv /opt/venv && \
    /opt/venv/bin/python -m pip install --quiet --no-compile --require-hashes -r requirements-full.txt
COPY . ./
# A key for these two commands alone: it is in no file, no variable of the image and no layer.
RUN mkdir -p /var/lib/clinic && \
    export SECRET_KEY="$(/opt/venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(48))')" && \
    /opt/venv/bin/python manage.py build_static --verbosity 0 && \
    /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0
# Compiled here, because a read-only root file system keeps no byte code. "unchecked-hash": copying the files may change
# their times, and nobody changes them in an image.
RUN /opt/venv/bin/python -m compileall -q -j 2 --invalidation-mode unchecked-hash /opt/venv/lib /srv/clinic

# Run: no compiler, no pip cache, no shell for its user. Root owns the code, so the site cannot change it.
FROM ${PYTHON_IMAGE} AS run
# pg_dump, pg_restore and age, for backups.
RUN apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends age postgresql-client && \
    rm -rf /var/lib/apt/lists/*
# A fixed number, which owns the volumes. /run/clinic holds the unix socket that nginx connects to.
RUN groupadd --system --gid 10001 clinic && \
    useradd --system --uid 10001 --gid clinic --home-dir /var/lib/clinic --shell /usr/sbin/nologin clinic && \
    install -d -o clinic -g clinic -m 0700 /var/lib/clinic /var/lib/clinic/media && \
    install -d -o clinic -g clinic -m 0755 /run/clinic /var/www/clinic
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/static /srv/static
COPY --from=build /srv/clinic /srv/clinic
ARG RELEASE=""
# MALLOC_ARENA_MAX: the C library keeps less memory for each thread.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    VAR_DIR=/var/lib/clinic \
    STATIC_ROOT=/srv/static \
    BIND=0.0.0.0:8000 \
    RELEASE=${RELEASE}
WORKDIR /srv/clinic
USER 10001:10001
VOLUME ["/var/lib/clinic"]
EXPOSE 8000
# gunicorn lets requests in progress finish at SIGTERM, for up to 20 seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "--config", "clinic/ops/gunicorn.py", "clinic.wsgi"]

# Front: nginx with the configuration of deploy/, its paths and ports changed for a container (compose.yaml).
FROM ${NGINX_IMAGE} AS front
ARG SITE_HOST=WWW.YOURCLINIC.CA
COPY deploy/nginx-http.conf deploy/nginx-probes.conf deploy/nginx-server.conf deploy/nginx-site.conf deploy/compose/nginx.sed /etc/nginx/clinic/
COPY deploy/compose/nginx.conf /etc/nginx/nginx.conf
RUN sed -i -f /etc/nginx/clinic/nginx.sed /etc/nginx/clinic/nginx-http.conf /etc/nginx/clinic/nginx-site.conf && \
    sed -i "s/WWW\.YOURCLINIC\.CA/${SITE_HOST}/" /etc/nginx/clinic/nginx-site.conf
USER 101:101
EXPOSE 8080 8443
