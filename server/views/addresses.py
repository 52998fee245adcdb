"""A commentary's files, at the addresses at which whoever reads can have them.

What was told is kept without the sub-path it was asked for below: it may be read below
another one, or straight, next week.
"""

import json
import re

from flask import jsonify, request

from ..events import Commentary

# Within a JSON text every quotation mark has a backslash: no words can look like this.
ADDRESS = re.compile(
    rb'"((?:final_|playlist_|captions_)?url)":( ?)"[^"]*?(/videos/(?:streaming|generated)/)'
)


def seen_here(run):
    """What makes of messages as they were told what the client of this request is told."""
    if run.kind != Commentary.kind:
        return bytes
    prefix = json.dumps(request.script_root)[1:-1].encode()
    return lambda told: ADDRESS.sub(
        lambda found: b'"%s":%s"%s%s' % (found[1], found[2], prefix, found[3]), told
    )


def document(run, found):
    """The answer that holds this of a run."""
    response = jsonify(found)
    response.set_data(seen_here(run)(response.get_data()))
    return response
