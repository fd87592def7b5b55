"""LoRA fine-tuning and evaluation of what curation/ selected, and the demo models."""
