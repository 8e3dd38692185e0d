"""The library of pictures."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from booking.pictures import validate_picture


class Picture(models.Model):
    """A picture that pages may show. What it says to a reader is decided where it is placed.

    ``focal_x`` and ``focal_y`` say, in percent from the left and the top, which point must stay
    in sight when the picture is cut to another shape.
    """

    title = models.CharField(max_length=120, unique=True, help_text="To find it by. Readers never see it.")
    image = models.ImageField(
        upload_to="pictures/",
        width_field="width",
        height_field="height",
        validators=[validate_picture],
        help_text="JPEG, PNG or WebP, up to 25 megapixels and 15 MB. Where it was taken is removed from it.",
    )
    width = models.PositiveIntegerField(editable=False, default=0)
    height = models.PositiveIntegerField(editable=False, default=0)
    credit = models.CharField(
        max_length=200, blank=True, help_text="Who made it, if they are to be named. Shown below the picture."
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
                violation_error_message="The focal point lies between 0 and 100 percent both ways.",
            )
        ]

    def __str__(self) -> str:
        return self.title
