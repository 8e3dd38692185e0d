"""Health forms: which visits are asked, what is asked, and the encrypted answers."""
