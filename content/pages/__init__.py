"""Load and render published content."""
