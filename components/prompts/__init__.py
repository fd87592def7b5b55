"""Importing prompts and looking through them."""
