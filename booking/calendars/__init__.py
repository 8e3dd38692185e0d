"""Calendar feeds of practitioners."""
