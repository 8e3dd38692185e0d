"""Several appointments in one go: the times of one visitor's basket are held, extended and booked together."""
