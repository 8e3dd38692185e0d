"""Serve uploaded pictures from their storage, if no reverse proxy does."""

import errno
import hashlib
import posixpath
from pathlib import PurePosixPath

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from clinic.ops.outages import Outage, outage_log

TYPES = {
    ".avif": "image/avif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
RETRY_AFTER = "30"  # seconds
LONGEST = 1024  # bytes, as in S3


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a picture as immutable: its name contains a hash of its content, so its ETag is a hash of its name."""
    request.META.pop("HTTP_ACCEPT_ENCODING", None)  # Pictures are compressed already: no gzip.
    kind = TYPES.get(PurePosixPath(path).suffix.lower())
    if kind is None or not is_plain(path):
        raise Http404
    etag = f'"{hashlib.sha256(path.encode()).hexdigest()[:24]}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        try:
            file = default_storage.open(path)
            response = FileResponse(file, content_type=kind)
            response.headers["Content-Length"] = str(file.size)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, SuspiciousFileOperation) as error:
            raise Http404 from error
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise Http404 from error
            outage_log.refused(Outage.STORE, error)
            headers = {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"}
            return HttpResponse(status=503, content_type="text/plain", headers=headers)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def is_plain(path: str) -> bool:
    """Whether the path is a name in the storage as it stands: relative, without .. and what else a path may hide."""
    is_relative = path == posixpath.normpath(path) and not path.startswith(("/", "."))
    return is_relative and path.isprintable() and "\\" not in path and len(path.encode()) <= LONGEST
