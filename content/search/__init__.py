"""Site search: documents, the full-text index on both databases, and queries."""
