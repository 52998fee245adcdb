"""Views that one client may ask for only so often."""

import functools

from flask import request

from . import services


def rate_limited(view):
    @functools.wraps(view)
    def limited(*args, **kwargs):
        services().rates.hit(request.remote_addr or "unknown")
        return view(*args, **kwargs)

    return limited
