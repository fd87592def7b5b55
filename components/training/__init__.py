"""Launching LoRA SFT and watching its runs."""
