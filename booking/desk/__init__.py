"""The front desk at /desk/: the day and the week as grids, and what is done from them. Function views."""
