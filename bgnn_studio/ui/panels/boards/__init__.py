"""What the Boards tab is made of."""
