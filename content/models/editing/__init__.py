"""Models of the work on a draft: sittings at the editor, requests for a review, comments."""

from content.models.editing.edit_session import EditSession
from content.models.editing.review_request import BlockComment, ReviewRequest

__all__ = ["BlockComment", "EditSession", "ReviewRequest"]
