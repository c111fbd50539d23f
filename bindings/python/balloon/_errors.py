# SPDX-License-Identifier: LGPL-2.1-or-later
"""What went wrong, with what, and what to do. Knows no library."""
import os
from typing import Optional

UNKNOWN = 2**64 - 1
"""A number that nobody knows. It is never 0; where Python can, it says None."""


class BalloonError(OSError):
    """A call failed: errno, the sentence, and the guest where one was asked about.

    short_bytes is what was missing, where memory was (admission, claims)."""

    def __init__(self, errno: int, sentence: str, guest: Optional[str] = None,
                 short_bytes: Optional[int] = None) -> None:
        super().__init__(errno, sentence or os.strerror(errno))
        self.sentence: str = self.strerror
        self.guest = guest
        self.short_bytes = short_bytes

    def __str__(self) -> str:
        return self.sentence
