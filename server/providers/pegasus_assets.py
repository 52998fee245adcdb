"""TwelveLabs' assets: a video uploaded once, and asked about as often as one likes."""

import re
from dataclasses import dataclass

from ..errors import ProviderError
from ..vendors import faults
from . import pegasus_video

ID = re.compile(r"[\w-]{1,100}", re.ASCII)  # ids end up in the path of a URL


@dataclass
class Asset:
    """One uploaded video. `ready` once TwelveLabs has looked at it."""

    id: str
    ready: bool = False


def upload(line, path, question, plan, call):
    call.phase("uploading")
    video = question.video
    name = video.path.name if plan.original else f"{video.path.stem}.mp4"
    mime = pegasus_video.content_type(video) if plan.original else "video/mp4"
    found = line.upload(path, name, mime, call)
    if not ID.fullmatch(found.id or ""):
        raise ProviderError("upstream", "It took the upload and did not say where it is.")
    return Asset(found.id, ready=found.status == "ready")


def look(line, asset):
    """Whether TwelveLabs has looked at it. Raises when it cannot, or has it no more."""
    found = line.asset(asset.id)
    if found.status == "failed":
        told = faults.presentable(getattr(found.error, "message", None))
        raise ProviderError(
            "bad_request",
            "It could not process this video. Convert it and ask again."
            + (f" It says: {told}" if told else ""),
        )
    return found.status == "ready"


def of_index(line, question):
    """The Asset an index has of this video, or None when it has none: older
    indexes know no assets, and a client's `video_id` may be the library's."""
    if not may_be_indexed(question):
        return None
    try:
        found = line.indexed_video(question.index_id, question.video_id)
    except ProviderError as error:
        if error.code in ("not_found", "bad_request"):
            return None
        raise
    return Asset(found.asset_id, ready=True) if ID.fullmatch(found.asset_id or "") else None


def may_be_indexed(question):
    ids = (question.index_id, question.video_id)
    return all(isinstance(each, str) and ID.fullmatch(each) for each in ids)
