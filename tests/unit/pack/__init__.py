"""Packs: what is shipped is sound, what is faulty is told in full."""
