"""Sampling: requests go into an engine, completions come out as they finish, and become candidate shards."""
