"""The site's addresses: a contract with search engines and with links in mails already sent."""

from django.contrib import admin
from django.urls import include, path

from clinic.health import healthz
from clinic.media import media
from clinic.styleguide import styleguide

handler400 = "clinic.refusals.bad_request"
handler404 = "clinic.refusals.not_found"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("staff/", include("clinic.staff.urls")),
    path("healthz/", healthz, name="healthz"),
    path("media/<path:path>", media, name="media"),
    path("styleguide/", styleguide, name="styleguide"),
    path("", include("booking.urls")),
    path("", include("content.urls")),
]
