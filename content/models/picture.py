"""The picture library."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.image_upload import validate_picture


class Picture(models.Model):
    """A picture of the library.

    Its alt text belongs to the place where it is used: ``alt`` and ``is_decorative`` here are what a new place starts
    with. Without either of them, the words for people who cannot see it have not been decided yet.

    ``focal_x`` and ``focal_y`` are the focal point, in percent from the left and the top: the point that
    must stay visible when the picture is cropped.
    """

    class Subject(models.TextChoices):
        PEOPLE = "people", "People"
        ROOMS = "rooms", "Rooms"

    title = models.CharField(max_length=120, unique=True, help_text=_("To help you find it. Readers never see it."))
    image = models.ImageField(
        upload_to="pictures/",
        validators=[validate_picture],
        help_text=_("JPEG, PNG or WebP, up to 25 megapixels and 15 MB. We remove the location where it was taken."),
    )
    # Set when the picture is stored (content/media/uploads.py). With width_field and height_field, Django would read
    # them from the file at each validation, and fail if the file is missing on disk.
    width = models.PositiveIntegerField(editable=False, default=0)
    height = models.PositiveIntegerField(editable=False, default=0)
    credit = models.CharField(
        max_length=200, blank=True, help_text=_("Who made it, if they should be named. Shown below the picture.")
    )
    subject = models.CharField(
        _("what it is of"),
        max_length=10,
        choices=Subject,
        blank=True,
        default="",
        db_default="",
        help_text=_("To find it sooner when you choose a picture."),
    )
    alt = models.CharField(
        "what the picture shows",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Read aloud to people who can't see it. Each page can have its own words for it."),
    )
    is_decorative = models.BooleanField(
        _("it's only decoration"),
        default=False,
        db_default=False,
        help_text=_("Tick this if it tells readers nothing new."),
    )
    focal_x = models.PositiveSmallIntegerField(
        "focal point, from the left",
        default=50,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="In percent: 0 is the left edge, 100 the right.",
    )
    focal_y = models.PositiveSmallIntegerField(
        "focal point, from the top",
        default=50,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="In percent: 0 is the top edge, 100 the bottom.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(focal_x__lte=100, focal_y__lte=100),
                name="picture_focal_point_inside",
                violation_error_message=_("The focal point is between 0 and 100 percent both ways."),
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.alt and self.is_decorative:
            raise ValidationError(
                {"is_decorative": gettext("Describe the picture, or tick that it's only decoration: not both.")}
            )
