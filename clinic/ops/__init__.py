"""Operations: environment variables, gunicorn, logging and sample data."""
