"""The addresses of the pages. Links in mails and search engines live for years: they do not change."""

from django.urls import path

from content import previews, search_engines, views
from content.search.views import results

app_name = "content"
urlpatterns = [
    path("", views.home, name="home"),
    path("treatments/", views.treatments, name="treatments"),
    path("treatments/<slug:slug>/", views.treatment, name="treatment"),
    path("team/", views.team, name="team"),
    path("team/<slug:slug>/", views.practitioner, name="practitioner"),
    path("fees/", views.fees, name="fees"),
    path("contact/", views.contact, name="contact"),
    path("contact/sent/", views.contact_sent, name="contact_sent"),
    path("contact/helped/", views.helped, name="helped"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("search/", results, name="search"),
    path("preview/<str:token>/", previews.preview, name="preview"),
    path("sitemap.xml", search_engines.sitemap, name="sitemap"),
    path("robots.txt", search_engines.robots, name="robots"),
]
