"""Giving commands and packs from outside."""
