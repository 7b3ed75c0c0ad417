"""What a partition remembers."""
