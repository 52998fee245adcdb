"""The chunks as an HLS playlist that grows. Pure.

A chunk is a fragmented MP4 whose times begin at zero, so each follows the one before after
a discontinuity, and brings its own header: the first `header` bytes of the file. The rest of
it is the segment.
"""

import math
from dataclasses import dataclass

END = "#EXT-X-ENDLIST\n"


@dataclass(frozen=True)
class Segment:
    name: str
    seconds: float
    header: int  # bytes
    size: int


def playlist(segments, longest_s, ended):
    """`longest_s`: of all segments, also those to come: a playlist should not change its mind.
    It must when a converted film had no picture where a part was to end."""
    longest_s = max([longest_s, *(segment.seconds for segment in segments)])
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
        return "\n".join(lines) + "\n" + END
    return "\n".join(lines) + "\n"
