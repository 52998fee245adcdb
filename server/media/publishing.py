"""A file is there when it is whole, or it is not there."""

import os
import secrets
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def published(target):
    """A path to write to; what is there becomes `target`, unless the block fails."""
    with scratch(target) as part:
        yield part
        os.replace(part, target)


@contextmanager
def scratch(target):
    """A path beside `target` for a file nobody else sees, gone after the block."""
    target = Path(target)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
