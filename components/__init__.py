"""What several pages draw: charts, job cards, states and the words and colours that mean the same everywhere."""
