"""What the site and its worker both need to run: the secret key, and what the errors of the database mean."""
