"""Built-in analysts: they measure the video with ffmpeg and say what they find as they go.

They need no key, and what they say can be checked, which makes them company for the
models that only say what they believe.
"""
