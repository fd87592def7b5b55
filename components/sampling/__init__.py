"""Launching a sampling job and watching it."""
