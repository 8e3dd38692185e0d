from django.apps import AppConfig

BETWEEN_PICTURES = 300.0  # seconds


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Pages"

    def ready(self) -> None:
        from booking import chores
        from booking.models import watch_what_is_shown
        from content import pictures, uses

        pictures.watch("content.Picture", "image")
        pictures.watch("booking.Practitioner", "photo")
        watch_what_is_shown(self, but=())
        uses.guard()
        chores.every(BETWEEN_PICTURES, "pictures", pictures.catch_up)
