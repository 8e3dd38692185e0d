from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Pages"

    def ready(self) -> None:
        from booking.models import watch_what_is_shown
        from content import pictures, uses

        pictures.watch("content.Picture", "image")
        pictures.watch("booking.Practitioner", "photo")
        watch_what_is_shown(self, but=())
        uses.guard()
