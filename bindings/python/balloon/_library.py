# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds and loads the shared objects; knows none of their functions.

libballoon.so is looked for in $BALLOON_LIBRARY (the file), then in the build tree
that this package stands in, then where the system's loader looks. The simulated
host and the player of recordings are backend modules: $BALLOON_BACKEND_DIR, or
beside the library, or where it was installed to."""
import ctypes
import errno
import os
from functools import lru_cache
from typing import Any, Dict, Iterator, List, Tuple

from ._errors import BalloonError

SONAME = "libballoon.so.0"
MODULES = ("sim", "replay")

PROTOTYPES: Dict[str, Tuple[str, Any, List[Any]]] = {}
"""Of each function: the file it is in, what it returns, what it takes (_calls.py)."""


class Place(ctypes.Structure):
    """What dladdr() says."""
    _fields_ = [("file", ctypes.c_char_p), ("base", ctypes.c_void_p),
                ("name", ctypes.c_char_p), ("address", ctypes.c_void_p)]


def candidates() -> Iterator[str]:
    here = os.path.dirname(os.path.abspath(__file__))
    top = os.path.dirname(os.path.dirname(here))
    yield os.path.join(top, "lib", SONAME)  # BUILD/python/balloon, BUILD/lib
    yield os.path.join(os.path.dirname(top), "build", "lib", SONAME)  # the source tree


@lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    given = os.environ.get("BALLOON_LIBRARY")
    built = next((file for file in candidates() if os.path.exists(file)), None)
    if built and not given:  # what was not installed yet has its modules beside it
        os.environ.setdefault("BALLOON_BACKEND_DIR", os.path.dirname(built))
    name = given or built or SONAME
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise BalloonError(errno.ENOENT, f"libballoon cannot be loaded: {error}; install it, or "
                           "set BALLOON_LIBRARY to the file") from error


def directory() -> str:
    """Where the library that was loaded is."""
    place = Place()
    dladdr = ctypes.CDLL(None).dladdr
    dladdr.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    dladdr(ctypes.cast(library().balloon_version, ctypes.c_void_p), ctypes.byref(place))
    return os.path.dirname(os.path.realpath(os.fsdecode(place.file)))


@lru_cache(maxsize=None)
def module(name: str) -> ctypes.CDLL:
    """backend-NAME.so, from where the library would take it."""
    given = os.environ.get("BALLOON_BACKEND_DIR")
    beside = directory()
    places = [given] if given else [beside, os.path.join(beside, "balloon")]
    for place in places:
        file = os.path.join(place, f"backend-{name}.so")
        if os.path.exists(file):
            return ctypes.CDLL(file)
    raise BalloonError(errno.ENOENT, f"there is no backend-{name}.so in {' or '.join(places)}; "
                       "install it, or set BALLOON_BACKEND_DIR")


CALLS: Dict[str, Any] = {}
"""What was called so far."""


def call(name: str) -> Any:
    """A function of the headers, its types declared."""
    if name not in CALLS:
        where, result, arguments = PROTOTYPES[name]
        function = getattr(module(where) if where in MODULES else library(), name)
        function.restype = result
        function.argtypes = [getattr(kind, "ctype", kind) for kind in arguments]
        CALLS[name] = checked(function, [
            (place, kind.write, f"{name}(), argument {place}")
            for place, kind in enumerate(arguments) if hasattr(kind, "write")])
    return CALLS[name]


def checked(function: Any, checks: List[Tuple[int, Any, str]]) -> Any:
    """Not by from_param(): ctypes drops what is raised there, a Ctrl-C too."""
    def calling(*values: Any) -> Any:
        given = list(values)
        for place, check, what in checks:
            given[place] = check(given[place], what)
        return function(*given)
    return calling if checks else function
