"""Where a commentary's files are to be had. Pure; the views answer at these paths, and put
the sub-path before them below which a client sees the server."""

from urllib.parse import quote


class Urls:
    def __init__(self, session_id):
        self._streaming = f"/videos/streaming/{session_id}"

    def chunk(self, index):
        return f"{self._streaming}/chunk_{index}.mp4"

    def of(self, final_name):
        return {
            "final": f"/videos/generated/{quote(final_name)}",
            "playlist": f"{self._streaming}/index.m3u8",
            "captions": f"{self._streaming}/captions.vtt",
        }
