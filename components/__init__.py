"""What the pages draw, a folder a page; beside the folders stands what several pages draw."""
