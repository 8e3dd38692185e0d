"""The preview beside the page editor: the page as typed so far, and what the checks say of it."""
