# SPDX-License-Identifier: LGPL-2.1-or-later
"""C structs as Python classes, a field a line; knows ctypes and no libballoon.

    @struct("balloon_point")
    class Point(Struct):
        at_ns: U64
        demand_bytes: Maybe = None

An annotation names what ctypes must know and what a type checker may. Nothing is
cut off in silence, as ctypes would: a number that does not fit is an error.
struct_size, where there is one, is set by itself."""
import ctypes
import errno
from enum import IntEnum, IntFlag
from operator import attrgetter
from typing import (Annotated, Any, Callable, ClassVar, Dict, NamedTuple, Optional, Tuple, Type,
                    TypeVar, get_args)

from ._errors import UNKNOWN, BalloonError


class Kind(NamedTuple):
    """How a field is kept in C, and how it is read and written; None: as it is."""
    ctype: Any
    read: Optional[Callable[[Any], Any]] = None
    write: Optional[Callable[[Any, str], Any]] = None


def bounded(least: int, most: int) -> Callable[[Any, str], int]:
    def check(value: Any, what: str) -> int:
        number = value.__index__() if hasattr(value, "__index__") else None
        if number is None:
            raise TypeError(f"{what}: {value!r} is no whole number")
        if not least <= number <= most:
            raise BalloonError(errno.ERANGE, f"{what}: {number} is not within {least} to {most}")
        return int(number)
    return check


check_u64 = bounded(0, 2**64 - 1)
check_u32 = bounded(0, 2**32 - 1)
check_i32 = bounded(-2**31, 2**31 - 1)


def check_maybe(value: Any, what: str) -> int:
    return UNKNOWN if value is None else check_u64(value, what)


def read_maybe(value: int) -> Optional[int]:
    return None if value == UNKNOWN else value


def check_text(value: Any, what: str) -> Optional[bytes]:
    if value is None:
        return None
    text = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
    if b"\0" in text:
        raise BalloonError(errno.EINVAL, f"{what}: {value!r} has a NUL in it")
    return text


def read_text(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else value.decode("utf-8", "surrogateescape")


def word(enum: Type[IntEnum]) -> Kind:
    """A number that has names; one that is not known here stays a number."""
    names = {int(member): member for member in enum}
    return Kind(ctypes.c_uint32, lambda value: names.get(value, value), check_u32)


def bits(flags: Type[IntFlag]) -> Kind:
    return Kind(ctypes.c_uint32, flags, check_u32)


U64 = Annotated[int, Kind(ctypes.c_uint64, None, check_u64)]
U32 = Annotated[int, Kind(ctypes.c_uint32, None, check_u32)]
I32 = Annotated[int, Kind(ctypes.c_int32, None, check_i32)]
Size = Annotated[int, Kind(ctypes.c_size_t, None, check_u64)]
Maybe = Annotated[Optional[int], Kind(ctypes.c_uint64, read_maybe, check_maybe)]
Text = Annotated[Optional[str], Kind(ctypes.c_char_p, read_text, check_text)]
Address = Annotated[Any, Kind(ctypes.c_void_p)]


class Struct(ctypes.Structure):
    """Made with keywords; what is not given has its default, else 0."""
    C_NAME: ClassVar[str]
    FIELDS: ClassVar[Dict[str, Kind]]
    DEFAULTS: ClassVar[Dict[str, Any]]

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        for name in fields:
            if name not in self.FIELDS:
                raise TypeError(f"{type(self).__name__} has no {name}; it has "
                                f"{', '.join(self.FIELDS)}")
        for name, value in {**self.DEFAULTS, **fields}.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.FIELDS
                 if name not in ("struct_size", "pad"))
        return f"{type(self).__name__}({', '.join(shown)})"

    def copy(self: "S") -> "S":
        """Its own, whatever becomes of this one; texts included."""
        other = type(self).from_buffer_copy(self)
        for name, kind in self.FIELDS.items():
            if kind.ctype is ctypes.c_char_p:
                setattr(other, name, getattr(self, name))
        return other

    @classmethod
    def place(cls, name: str) -> Tuple[int, int]:
        """Offset and size of a field."""
        field = getattr(cls, "_" + name)
        return field.offset, field.size


S = TypeVar("S", bound=Struct)


def accessor(name: str, kind: Kind) -> property:
    get, read, write, raw = attrgetter("_" + name), kind.read, kind.write, "_" + name

    def reader(self: Any) -> Any:
        return read(get(self))  # type: ignore[misc]

    def writer(self: Any, value: Any) -> None:
        setattr(self, raw, write(value, name) if write else value)
    return property(reader if read else get, writer)


def struct(c_name: str) -> Callable[[Type[S]], Type[S]]:
    """Lays the class out as the C struct of that name."""
    def lay_out(cls: Type[S]) -> Type[S]:
        kinds = {name: get_args(hint)[1] for name, hint in cls.__annotations__.items()}
        cls.C_NAME = c_name
        cls.FIELDS = kinds
        cls.DEFAULTS = {name: cls.__dict__[name] for name in kinds if name in cls.__dict__}
        cls._fields_ = [("_" + name, kind.ctype) for name, kind in kinds.items()]
        if "struct_size" in kinds:
            cls.DEFAULTS["struct_size"] = ctypes.sizeof(cls)
        for name, kind in kinds.items():
            setattr(cls, name, accessor(name, kind))
        return cls
    return lay_out
