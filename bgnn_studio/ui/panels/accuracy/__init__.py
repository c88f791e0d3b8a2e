"""What the Accuracy tab is made of."""
