"""What TwelveLabs' refusals mean: from a status and an error body to a ProviderError.

The status decides, and the body's own code where that is more precise. Both shapes of
body are in use: flat (`code`, `message`) and inside an `error`.
"""

import time

from ..errors import ProviderError
from ..vendors import faults

CODES = {
    "api_key_invalid": "auth",
    "unauthorized": "auth",
    "api_not_allowed": "auth",
    "region_not_allowed": "auth",
    "api_allowed_for_paid_plan": "quota",
    "too_many_requests": "rate_limit",
    "token_limit_exceeded": "bad_request",
    "resource_not_exist": "not_found",
    "request_canceled_or_timed_out": "upstream",
}
ABOUT_THE_REQUEST = ("parameter_", "index_", "video_")


def refusal(status, body, headers):
    """The ProviderError for an answer that is not one."""
    code, message = said(body)
    return failure(code_of(code) or faults.code_of_status(status), message, wait(headers))


def reported(body):
    """The same for an error that came inside a stream, without a status."""
    code, message = said(body)
    return failure(code_of(code) or "upstream", message)


def said(body):
    """(code, message) of an error in any shape."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return None, error
    return error.get("code"), error.get("message")


def code_of(code):
    if isinstance(code, int):
        return faults.code_of_status(code)
    if not isinstance(code, str):
        return None
    if code.startswith(ABOUT_THE_REQUEST):
        return "bad_request"
    return CODES.get(code)


def failure(code, detail=None, retry_after=None):
    if code != "not_found":
        return faults.failure(code, detail, retry_after)
    # Of this vendor's things the model is not the one that goes missing.
    told = faults.presentable(detail)
    return ProviderError(
        code,
        "It does not have the video, or TWELVELABS_BASE_URL leads nowhere."
        + (f" It says: {told}" if told else ""),
    )


def wait(headers):
    """Seconds until asking again makes sense, as far as it told."""
    headers = {name.lower(): value for name, value in (headers or {}).items()}
    told = faults.retry_after(headers)
    if told is None and headers.get("x-ratelimit-reset", "").isdecimal():
        left = int(headers["x-ratelimit-reset"]) - time.time()
        told = min(max(0.0, left), faults.LONGEST_RETRY_AFTER_S)
    return told
