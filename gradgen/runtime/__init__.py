"""What runs when a derivative is called."""
