"""Finding words on the published site: what can be found, the index on both databases, and the results."""
