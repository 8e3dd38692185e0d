"""Pictures: uploads, renditions, Open Graph images."""
