"""The data half against its peers: `python -m benchmarks.curation --data FOLDER`."""
