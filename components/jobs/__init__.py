"""Jobs: how they are seen, their cards, buttons and details."""
