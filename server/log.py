"""One JSON object per line, with the run and the slot it is about, without secrets."""

import json
import logging
import sys
import time

from . import credentials
from .redact import redact


class JsonLines(logging.Formatter):
    def format(self, record):
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # Before they are JSON: a key with a quote in it would no longer be itself after.
        secrets = credentials.secrets()
        clean = {
            name: redact(each, secrets) if isinstance(each, str) else each
            for name, each in line.items()
        }
        return redact(json.dumps(clean, default=str), secrets)


def facts(**known):
    """What a line is about, beside its message: `log.info("...", extra=facts(run_id=id))`"""
    return {"facts": known}


def set_up(level=logging.INFO):
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("server")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
    logging.lastResort.setFormatter(JsonLines())  # what libraries warn of
