"""What Google's refusals mean: from a status and an error object to a ProviderError.

In stream mode the service sends its errors inside a JSON array, which the SDK turns into
"400 Unknown error", whatever they were. Here the object is found in either shape.
"""

import json
import re

from ..vendors import faults

AUTH_REASONS = {"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED"}


def error_object(body):
    """The `error` of a body, which may be an object, an array of one, or not JSON."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, list):
        found = found[0] if found else {}
    error = found.get("error") if isinstance(found, dict) else None
    return error if isinstance(error, dict) else {}


def refusal(status, error, headers=None):
    """The ProviderError for an HTTP status, or for the `code` of an error in the stream."""
    code = faults.code_of_status(status)
    details = error.get("details")
    details = [d for d in details if isinstance(d, dict)] if isinstance(details, list) else []
    if any(d.get("reason") in AUTH_REASONS for d in details):
        code = "auth"  # a key that is no key comes as 400
    elif code == "rate_limit" and any(spent_for_today(d) for d in details):
        code = "quota"
    return faults.failure(code, error.get("message"), wait_asked_for(details, headers or {}))


def spent_for_today(detail):
    violations = detail.get("violations")
    return isinstance(violations, list) and any(
        "PerDay" in str(violation.get("quotaId"))
        for violation in violations
        if isinstance(violation, dict)
    )


def wait_asked_for(details, headers):
    """Seconds, from RetryInfo's `"21s"`, else from Retry-After."""
    for detail in details:
        if match := re.fullmatch(r"(\d{1,5}(?:\.\d+)?)s", str(detail.get("retryDelay"))):
            return float(match[1])
    return faults.retry_after(headers)
