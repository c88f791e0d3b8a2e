"""What the subcommands do: plain functions that return text for the terminal; `cli.py` parses and prints."""
