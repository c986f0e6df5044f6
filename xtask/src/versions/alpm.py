"""pacman's comparison, out of its library."""

import ctypes
import sys

library = ctypes.CDLL("libalpm.so.13")
compare = library.alpm_pkg_vercmp
compare.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
library.alpm_version.restype = ctypes.c_char_p

if sys.argv[1:] == ["version"]:
    print("libalpm", library.alpm_version().decode())
else:
    for line in sys.stdin:
        a, b = line.rstrip("\n").split("\t")
        order = compare(a.encode(), b.encode())
        print("<" if order < 0 else ">" if order > 0 else "=")
