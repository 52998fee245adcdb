"""The chunks as an HLS playlist that grows. Pure.

A chunk is a fragmented MP4 whose times begin at zero, so each follows the one before after
a discontinuity, and brings its own header: the first `header` bytes of the file. The rest of
it is the segment.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    name: str
    seconds: float
    header: int  # bytes
    size: int


def playlist(segments, longest_s, ended):
    """`longest_s`: of all segments, also those to come: a playlist may not change its mind."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest_s)}",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for number, segment in enumerate(segments):
        if number:
            lines.append("#EXT-X-DISCONTINUITY")
        lines += [
            f'#EXT-X-MAP:URI="{segment.name}",BYTERANGE="{segment.header}@0"',
            f"#EXTINF:{segment.seconds:.6f},",
            f"#EXT-X-BYTERANGE:{segment.size - segment.header}@{segment.header}",
            segment.name,
        ]
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"
