"""What a pack says, compiled."""
