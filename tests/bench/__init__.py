"""`make bench`: this project's engine beside its peers, in one run; `python -m tests.bench --help`."""
