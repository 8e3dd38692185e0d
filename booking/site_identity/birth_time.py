"""When a file was made, which stays through restarts of the machine and is another for each copy of the file."""

import ctypes
import os
import struct
import sys

# statx(2): Python's os.stat() has no birth time on Linux. The file is not opened, which would end SQLite's locks on it.
_AT_FDCWD, _STATX_BTIME, _SIZE, _BTIME = -100, 0x800, 256, 80


def birth_time(name: str) -> int:
    """Return the time in nanoseconds, or 0 where the file system or platform does not keep it."""
    if sys.platform == "linux":
        return _from_statx(name)
    return int(getattr(os.stat(name), "st_birthtime", 0) * 1_000_000_000)


def _from_statx(name: str) -> int:
    statx = getattr(ctypes.CDLL(None), "statx", None)
    answer = ctypes.create_string_buffer(_SIZE)
    if statx is None or statx(_AT_FDCWD, os.fsencode(name), 0, _STATX_BTIME, answer) != 0:
        return 0
    (mask,) = struct.unpack_from("=I", answer)
    seconds, nanoseconds = struct.unpack_from("=qI", answer, _BTIME)
    return seconds * 1_000_000_000 + nanoseconds if mask & _STATX_BTIME else 0
