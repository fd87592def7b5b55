"""What the demo is made of: problems, responses with a checkpoint's habits, corpora, tokenizer and tiny models."""
