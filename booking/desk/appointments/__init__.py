"""What the desk does with one appointment: see it, mark it, book, move and cancel it."""
