"""The list of pages as a tree, and the first step of a new page."""
