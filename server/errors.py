"""What can go wrong, named by who must act.

    ServerError
      BadRequest      the client: InvalidQuestion, OverLimit, UnknownModel, UnknownVoice ...
      TooBusy         nobody; try again later (RateLimited: the client, by waiting)
      OutOfSpace      the operator: the disk
      MediaError      the owner of the file: ffmpeg could not read it
      ProviderError   one model failed; becomes that model's `error` event
    Abandoned         nobody: the work was called off

Every message is written for a reader of the wire: it says what happened and what to
do, and never carries a key, an SDK's words or a path outside the library.
"""

CODES = (
    "auth",
    "quota",
    "rate_limit",
    "bad_request",
    "not_found",
    "blocked",
    "timeout_first_text",
    "timeout_idle",
    "timeout_total",
    "network",
    "truncated",
    "upstream",
    "cancelled",
    "internal",
)

# Asking the same again may well succeed.
RETRYABLE = {
    "rate_limit",
    "timeout_first_text",
    "timeout_idle",
    "timeout_total",
    "network",
    "truncated",
    "upstream",
}

# What asking again does not mend: a key that is refused, a quota used up, a model or a voice
# that is no more.
UNMENDED = {"auth", "quota", "not_found"}


class ServerError(Exception):
    status = 500
    code = "internal"

    def __init__(self, message, retry_after=None):
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class BadRequest(ServerError):
    status = 400
    code = "bad_request"


class InvalidQuestion(BadRequest):
    pass


class Unauthorized(BadRequest):
    status = 401
    code = "auth"


class Forbidden(BadRequest):
    status = 403
    code = "forbidden"


class NotFound(BadRequest):
    status = 404
    code = "not_found"


class UnknownModel(NotFound):
    code = "unknown_model"


class UnknownVoice(NotFound):
    code = "unknown_voice"


class VideoNotFound(NotFound):
    code = "video_not_found"


class RunNotFound(NotFound):
    code = "run_not_found"

    def __init__(self):
        super().__init__("No such run: it never existed, or was forgotten after its time.")


class Conflict(BadRequest):
    status = 409
    code = "conflict"


class TooLarge(BadRequest):
    status = 413
    code = "too_large"


class WrongMediaType(BadRequest):
    status = 415
    code = "wrong_media_type"


class OverLimit(BadRequest):
    status = 422
    code = "over_limit"


class UnknownLanguage(BadRequest):
    status = 422
    code = "unknown_language"


class RateLimited(ServerError):
    status = 429
    code = "rate_limited"


class TooBusy(ServerError):
    status = 503
    code = "busy"
    retryable = True


class OutOfSpace(ServerError):
    status = 507
    code = "out_of_space"


class MediaError(BadRequest):
    """ffmpeg could not make sense of a file, or is not there."""

    status = 422
    code = "media"


class ProviderError(ServerError):
    """One model failed. `code` is one of CODES."""

    def __init__(self, code, message, retryable=None, retry_after=None):
        super().__init__(message, retry_after)
        assert code in CODES, code
        self.code = code
        self.retryable = code in RETRYABLE if retryable is None else retryable


def our_fault():
    """What is told of a bug of ours; the traceback goes to the log."""
    return ProviderError("internal", "A fault of this server; its log says more.")


class Abandoned(Exception):
    """The work was called off; whoever catches it stops quietly."""
