"""What the files of all vendors share, whether they watch, write or speak: a guarded way
to them (`wire.py`), where they live (`addresses.py`), what their failures mean
(`faults.py`) and which of them are tried again (`retrying.py`)."""
