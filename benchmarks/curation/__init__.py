"""The data half beside its peers: `python -m benchmarks.curation --data FOLDER`."""
