"""The demonstration: a seeded working day, told through the public doors alone."""
