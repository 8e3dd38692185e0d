"""Online booking: practitioners, locations, services, working hours, appointments and the waitlist."""
