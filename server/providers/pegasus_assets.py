"""TwelveLabs' assets: a video uploaded once, and asked about as often as one likes."""

import re
from dataclasses import dataclass

from ..errors import ProviderError
from . import faults, pegasus_video

POLL_S, LONGEST_POLL_S = 0.5, 5.0
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


def wait_until_ready(line, asset, call):
    """Poll until it may be used. How long that may take, the deadline for a first text
    says: it begins anew here, and the same answer again is no progress."""
    if asset.ready:
        return
    call.phase("processing")
    delay = POLL_S
    while True:
        found = line.asset(asset.id)
        if found.status == "ready":
            asset.ready = True
            return
        if found.status == "failed":
            told = faults.presentable(getattr(found.error, "message", None))
            raise ProviderError(
                "bad_request",
                "It could not process this video. Convert it and ask again."
                + (f" It says: {told}" if told else ""),
            )
        call.token.wait(delay)
        delay = min(delay * 1.5, LONGEST_POLL_S)


def of_index(line, question):
    """The id of the asset an index has of this video, or None when it has none: older
    indexes know no assets, and a client's `video_id` may be the library's."""
    if not may_be_indexed(question):
        return None
    try:
        return line.indexed_video(question.index_id, question.video_id).asset_id
    except ProviderError as error:
        if error.code in ("not_found", "bad_request"):
            return None
        raise


def may_be_indexed(question):
    ids = (question.index_id, question.video_id)
    return all(isinstance(each, str) and ID.fullmatch(each) for each in ids)
