from server.commentary.hls import Segment, playlist

SEGMENTS = [Segment("chunk_0.mp4", 8.0, 1200, 9000), Segment("chunk_1.mp4", 12.04, 1210, 15000)]


def test_a_playlist_names_each_chunk_by_its_bytes():
    lines = playlist(SEGMENTS, 12.04, ended=False).splitlines()
    assert lines[0] == "#EXTM3U"
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in lines
    assert "#EXT-X-TARGETDURATION:13" in lines
    assert lines[lines.index("#EXT-X-DISCONTINUITY") + 1 :] == [
        '#EXT-X-MAP:URI="chunk_1.mp4",BYTERANGE="1210@0"',
        "#EXTINF:12.040000,",
        "#EXT-X-BYTERANGE:13790@1210",
        "chunk_1.mp4",
    ]


def test_no_segment_is_longer_than_it_says():
    late = [*SEGMENTS, Segment("chunk_2.mp4", 31.2, 1210, 15000)]
    assert "#EXT-X-TARGETDURATION:32" in playlist(late, 12.04, ended=False).splitlines()


def test_it_only_grows_and_then_ends():
    growing = playlist(SEGMENTS[:1], 12.04, ended=False)
    whole = playlist(SEGMENTS, 12.04, ended=False)
    assert whole.startswith(growing)
    assert playlist(SEGMENTS, 12.04, ended=True) == whole + "#EXT-X-ENDLIST\n"
