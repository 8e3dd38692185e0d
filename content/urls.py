"""URLs of the public pages. Do not change them: e-mails and search engines link to them for years."""

from django.urls import path

from content.views import contact, pages, preview, seo
from content.views.search import results

app_name = "content"
urlpatterns = [
    path("", pages.home, name="home"),
    path("treatments/", pages.treatments, name="treatments"),
    path("treatments/<slug:slug>/", pages.treatment, name="treatment"),
    path("team/", pages.team, name="team"),
    path("team/<slug:slug>/", pages.practitioner, name="practitioner"),
    path("fees/", pages.fees, name="fees"),
    path("contact/", contact.contact, name="contact"),
    path("contact/sent/", contact.contact_sent, name="contact_sent"),
    path("contact/helped/", contact.helped, name="helped"),
    path("privacy/", pages.privacy, name="privacy"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("search/", results, name="search"),
    path("preview/<str:token>/", preview.preview, name="preview"),
    path("sitemap.xml", seo.sitemap, name="sitemap"),
    path("robots.txt", seo.robots, name="robots"),
    # Ordinary pages, last of all: no other address of the site may be hidden by one. See content/addresses.py.
    path("<slug:slug>/", pages.ordinary, name="page"),
    path("<slug:parent>/<slug:slug>/", pages.ordinary, name="page_below"),
]
