"""Models side by side: the evaluation's form, progress, charts, and what changed."""
