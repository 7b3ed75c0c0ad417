"""Numbers and names of people in free text: found, and replaced by a mark that says what stood there (DESIGN 12)."""
