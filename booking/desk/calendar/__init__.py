"""The desk's calendar: the day and the week, with visits, gaps and what interrupts them."""
