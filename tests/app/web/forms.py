"""Multipart messages, written by hand."""

KIND = {"Content-Type": "multipart/form-data; boundary=frontier"}


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    named = "" if filename is None else f'; filename="{filename}"'
    head = f'--frontier\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + value + b"\r\n"


FILE = part("file", b"some plain words", "w.txt")
END = b"--frontier--\r\n"
