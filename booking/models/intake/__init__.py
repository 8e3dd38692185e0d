"""Models of health forms: what patients are asked before a visit, and their encrypted answers."""
