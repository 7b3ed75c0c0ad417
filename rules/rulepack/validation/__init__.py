"""What is wrong with a pack, each fault with a witness."""
