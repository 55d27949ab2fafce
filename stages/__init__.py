"""The stages of the flywheel, one folder each; `python -m stages.<stage>` runs one of them."""

import argus  # noqa: F401 - threads and Ctrl-C, before anything else is imported
