"""Drafts and revisions: checks, previews, publishing, clinical reviews, diffs."""
