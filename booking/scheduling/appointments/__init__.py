"""Commands on appointments: hold, book, change, expire."""
