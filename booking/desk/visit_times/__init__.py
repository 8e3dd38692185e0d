"""Times for a visit at the desk: move it, book it again, repeat it. Panels, their forms, and free times."""
