# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many structs at once, without a Python object for each: a ctypes array that is a
sequence of rows, and columns of it that are views and no copies."""
import ctypes
from array import array
from itertools import accumulate
from typing import (Any, Dict, Generic, Iterable, Iterator, List, Optional, Sequence, Type, TypeVar, Union,
                    overload)

from ._struct import Struct

R = TypeVar("R", bound=Struct)
FORMATS = {4: "I", 8: "Q"}


class Rows(Sequence[R], Generic[R]):
    """Rows of one moment. Numbers stay what they were; see column() for all at once."""

    def __init__(self, cells: Any, row: Type[R], writable: bool = False) -> None:
        self._cells = cells
        self._row = row
        self._writable = writable
        self._places: Optional[Dict[str, int]] = None

    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, which: Union[int, str]) -> R: ...

    @overload
    def __getitem__(self, which: slice) -> List[R]: ...

    def __getitem__(self, which: Union[int, str, slice]) -> Union[R, List[R]]:
        """By place, or by name or UUID."""
        if isinstance(which, str):
            which = self._index()[which]
        found: Union[R, List[R]] = self._cells[which]
        return found

    def __iter__(self) -> Iterator[R]:
        return iter(self._cells)

    def __contains__(self, which: object) -> bool:
        return isinstance(which, str) and which in self._index()

    def column(self, name: str) -> memoryview:
        """One field of all rows, as a view: UNKNOWN for what nobody knows, enums as
        numbers, bytes as they are. numpy.asarray() takes it without a copy."""
        offset, size = self._row.place(name)
        form = "i" if self._row.FIELDS[name].ctype is ctypes.c_int32 else FORMATS[size]
        if not len(self):
            return memoryview(array(form))
        cells = memoryview(self._cells).cast("B").cast(form)
        column = cells[offset // size::ctypes.sizeof(self._row) // size]
        return column if self._writable else column.toreadonly()

    def set_column(self, name: str, values: Iterable[int]) -> None:
        """Writes one field of all rows."""
        column = self.column(name)
        column[:] = array(column.format, values)

    @property
    def names(self) -> List[str]:
        return [text.decode("utf-8", "surrogateescape") for text in texts(self.column("name"))]

    def _index(self) -> Dict[str, int]:
        if self._places is None:
            uuids = texts(self.column("uuid"))
            self._places = {uuid.decode(errors="surrogateescape"): place
                            for place, uuid in enumerate(uuids) if uuid}
            self._places.update({name: place for place, name in enumerate(self.names)})
        return self._places


def texts(pointers: memoryview) -> List[bytes]:
    """The strings at these addresses; none is empty. In C's loops, since a thousand
    guests have a thousand names."""
    addresses = array("Q", pointers.tolist())
    if not addresses:
        return []
    found: List[Any] = (ctypes.c_char_p * len(addresses)).from_buffer(addresses)[:]
    return [text or b"" for text in found] if 0 in addresses else found


def pin(cells: Any, row: Type[Struct], names: Sequence[str] = ("name", "uuid")) -> None:
    """Copies the texts of rows that live on beside them, before the library frees what
    they point to. What points nowhere goes on to do so."""
    rows: Rows[Any] = Rows(cells, row, writable=True)
    kept = []
    for name in names:
        column = rows.column(name)
        found = texts(column)
        blob = ctypes.create_string_buffer(b"\0".join(found))
        lengths = map((1).__add__, map(len, found))
        places = array("Q", accumulate(lengths, initial=ctypes.addressof(blob)))
        places.pop()
        if 0 in column:
            places = array("Q", [old and new for old, new in zip(column, places)])
        column[:] = places
        kept.append(blob)
    cells.texts = kept
