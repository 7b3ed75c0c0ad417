"""Writing a pack: its model, its shape, its compiler."""
