"""Candidates as the Rejects page shows them: filters, the list, one of them in full."""
