"""The admin of where and when the clinic is open: locations, hours, closures and holidays."""
