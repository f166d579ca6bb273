"""Files as files: what they are, whether they are whole, where they lie. Knows no jobs."""
