"""The partition loop: one building block for every stage (DESIGN 5)."""
