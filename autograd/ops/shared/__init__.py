"""What several ops share: argument checks, window sizes."""
