"""Online booking: the clinic's people, places and hours, and the appointments made with them."""
