"""The questions of each task: what is drawn, what is right, and the mistakes that are known."""
