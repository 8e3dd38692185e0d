from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Pages"

    def ready(self) -> None:
        from content import pictures

        pictures.watch("content.Picture", "image")
        pictures.watch("booking.Practitioner", "photo")
