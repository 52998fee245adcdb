"""What ElevenLabs' refusals mean: from a status and an error body to a ProviderError.

The status alone misleads: an exhausted quota comes as 401, like a wrong key. The body's
`detail` decides, which may be an object, a list or plain text.
"""

from ..errors import ProviderError
from ..vendors import faults
from .throttle import TooMany

CODES = {
    "invalid_api_key": "auth",
    "missing_permissions": "auth",
    "needs_authorization": "auth",
    "detected_unusual_activity": "auth",
    "quota_exceeded": "quota",
    "payment_required": "quota",
    "subscription_required": "quota",
    "paid_plan_required": "quota",
    "insufficient_credits": "quota",
    "too_many_concurrent_requests": "rate_limit",
    "concurrent_limit_exceeded": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "system_busy": "rate_limit",
    "voice_not_found": "not_found",
    "model_not_found": "not_found",
    "max_character_limit_exceeded": "bad_request",
    "text_too_long": "bad_request",
    "content_against_policy": "blocked",
}
NOT_IN_THE_PLAN = ("payment_required", "subscription_required", "paid_plan_required")
TOO_MANY = ("too_many_concurrent_requests", "concurrent_limit_exceeded")


def refusal(status, body, headers):
    """The ProviderError for an answer that is not one."""
    headers = {name.lower(): value for name, value in (headers or {}).items()}
    reason, message = said(body)
    code = CODES.get(reason) or faults.code_of_status(status)
    retry_after = faults.retry_after(headers)
    if reason in TOO_MANY:
        return TooMany(code, "More lines at once than the plan allows.", retry_after=retry_after)
    if reason in NOT_IN_THE_PLAN:
        told = faults.presentable(message)
        return ProviderError(
            code,
            "The account's plan does not include this voice, or the use of it by programs. Choose "
            "another voice or a larger plan." + (f" It says: {told}" if told else ""),
        )
    if code == "not_found":
        told = faults.presentable(message)
        return ProviderError(
            code,
            "It does not have this voice or model. Check ELEVENLABS_VOICE and ELEVENLABS_MODEL."
            + (f" It says: {told}" if told else ""),
        )
    return faults.failure(code, message, retry_after)


def said(body):
    """(reason, message) of an error in any shape."""
    detail = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, list):  # what is wrong with the request, field by field
        detail = detail[0] if detail else None
        return None, detail.get("msg") if isinstance(detail, dict) else None
    if not isinstance(detail, dict):
        return None, detail
    for name in ("status", "code"):
        if isinstance(detail.get(name), str) and detail[name] in CODES:
            return detail[name], detail.get("message")
    return None, detail.get("message")
