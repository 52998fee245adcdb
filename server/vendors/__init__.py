"""What the files of all vendors share, whether they watch, write or speak: a guarded way
to them (`wire.py`), where they live (`addresses.py`) and what their failures mean
(`faults.py`)."""
