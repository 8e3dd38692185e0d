"""URLs of the site. Search engines and mails that were already sent rely on them."""

from django.contrib import admin
from django.urls import include, path

from clinic.web.health.healthz import healthz
from clinic.web.health.probes import readyz
from clinic.web.media import media
from clinic.web.security_txt import security_txt
from clinic.web.styleguide import styleguide
from clinic.web.well_known import change_password, favicon

handler400 = "clinic.web.errors.unavailable.bad_request"
handler403 = "clinic.web.errors.views.forbidden"
handler404 = "clinic.web.errors.views.not_found"
handler500 = "clinic.web.errors.unavailable.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("desk/", include("booking.desk.urls")),
    path("staff/", include("clinic.accounts.urls")),
    path("healthz/", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),  # For staff; /livez and /readyz are answered by middleware.
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("favicon.ico", favicon, name="favicon"),
    path(".well-known/change-password", change_password, name="change_password"),
    path("media/<path:path>", media, name="media"),
    path("styleguide/", styleguide, name="styleguide"),
    path("", include("booking.urls")),
    path("", include("content.urls")),
]
