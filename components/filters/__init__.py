"""Thresholds beside their histograms, and what a draft of them does."""
