"""Where a commentary's files are to be had. Pure; the views answer at these paths."""

from urllib.parse import quote


class Urls:
    def __init__(self, prefix, session_id):
        """`prefix`: below which path of its host the server is seen, or ""."""
        self._prefix = prefix
        self._streaming = f"{prefix}/videos/streaming/{session_id}"

    def chunk(self, index):
        return f"{self._streaming}/chunk_{index}.mp4"

    def of(self, final_name):
        return {
            "final": f"{self._prefix}/videos/generated/{quote(final_name)}",
            "playlist": f"{self._streaming}/index.m3u8",
            "captions": f"{self._streaming}/captions.vtt",
        }
