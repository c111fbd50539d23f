# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every function of the headers and what it takes and returns, a line each.

COUNT, WORD and STRING refuse what ctypes would cut off in silence."""
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any, Dict, List, Tuple

from . import dedup_structs as d
from . import sim_structs as m
from . import structs as s
from ._library import PROTOTYPES
from ._struct import Kind, check_maybe, check_text, check_u32


COUNT = Kind(c_uint64, None, check_maybe)  # None is BALLOON_UNKNOWN
WORD = Kind(c_uint32, None, check_u32)
STRING = Kind(c_char_p, None, check_text)
NUMBER = POINTER(c_uint64)
HANDLE = c_void_p

FUNCTIONS: Dict[str, Dict[str, Tuple[Any, List[Any]]]] = {
    "balloon": {
        "balloon_version": (c_char_p, []),
        "balloon_entitle": (c_int, [POINTER(s.Claimant), c_size_t, COUNT, WORD, NUMBER]),
        "balloon_profile": (c_int, [STRING, POINTER(s.Profile)]),
        "balloon_floor": (c_uint64, [COUNT]),
        "balloon_min_free": (c_uint64, [COUNT]),
        "balloon_open": (c_int, [POINTER(s.COptions), POINTER(HANDLE)]),
        "balloon_close": (None, [HANDLE]),
        "balloon_error": (c_char_p, [HANDLE]),
        "balloon_set_policy": (c_int, [HANDLE, POINTER(s.CPolicy)]),
        "balloon_tick": (c_int, [HANDLE, COUNT, NUMBER]),
        "balloon_fd": (c_int, [HANDLE]),
        "balloon_release": (c_int, [HANDLE, COUNT]),
        "balloon_admit": (c_int, [HANDLE, POINTER(s.Request), NUMBER]),
        "balloon_claim": (c_int, [HANDLE, POINTER(s.Request), STRING, COUNT, NUMBER]),
        "balloon_claim_ready": (c_int, [HANDLE, COUNT, NUMBER]),
        "balloon_claim_renew": (c_int, [HANDLE, COUNT, COUNT]),
        "balloon_claim_release": (c_int, [HANDLE, COUNT]),
        "balloon_what_if": (c_int, [HANDLE, POINTER(HANDLE)]),
        "balloon_what_if_host": (c_int, [HANDLE, COUNT, COUNT]),
        "balloon_what_if_guest": (c_int, [HANDLE, STRING, COUNT, COUNT]),
        "balloon_what_if_gone": (c_int, [HANDLE, STRING]),
        "balloon_hold": (c_int, [HANDLE, STRING, POINTER(s.CHold)]),
        "balloon_unhold": (c_int, [HANDLE, STRING, STRING]),
        "balloon_state_name": (c_char_p, [WORD]),
        "balloon_fixed_name": (c_char_p, [WORD]),
        "balloon_reason_name": (c_char_p, [WORD]),
        "balloon_means_name": (c_char_p, [WORD]),
        "balloon_host_state_name": (c_char_p, [WORD]),
        "balloon_report": (c_int, [HANDLE, POINTER(s.Report)]),
        "balloon_guests": (c_int, [HANDLE, POINTER(s.GuestReport), c_size_t, c_size_t]),
        "balloon_ladder": (c_int, [HANDLE, STRING, POINTER(s.Rung), c_size_t, c_size_t]),
        "balloon_why": (c_int, [HANDLE, STRING, POINTER(s.Why)]),
        "balloon_explain": (c_int, [HANDLE, STRING, c_void_p, c_size_t]),
    },
    "dedup": {
        "balloon_dedup_open": (c_int, [POINTER(d.COptions), POINTER(HANDLE)]),
        "balloon_dedup_close": (None, [HANDLE]),
        "balloon_dedup_guest": (c_int, [HANDLE, STRING, STRING, POINTER(c_uint32)]),
        "balloon_dedup_pages": (c_int, [HANDLE, WORD, COUNT, c_void_p, c_size_t, WORD]),
        "balloon_dedup_again": (c_int, [HANDLE, c_int]),
        "balloon_dedup_fork": (c_int, [HANDLE, POINTER(HANDLE)]),
        "balloon_dedup_join": (c_int, [HANDLE, HANDLE]),
        "balloon_dedup_attach": (c_int, [HANDLE, WORD, c_int, POINTER(d.CReading),
                                         POINTER(HANDLE)]),
        "balloon_dedup_step": (c_int, [HANDLE, COUNT]),
        "balloon_dedup_progress": (None, [HANDLE, NUMBER, NUMBER]),
        "balloon_dedup_detach": (None, [HANDLE]),
        "balloon_dedup_process": (c_int, [HANDLE, WORD, c_int, POINTER(d.CReading)]),
        "balloon_dedup_rest": (c_uint64, [COUNT, COUNT, WORD, COUNT]),
        "balloon_dedup_guest_figures": (c_int, [HANDLE, WORD, POINTER(d.Figures)]),
        "balloon_dedup_group_figures": (c_int, [HANDLE, WORD, POINTER(d.Figures)]),
        "balloon_dedup_all_figures": (c_int, [HANDLE, POINTER(d.Figures)]),
        "balloon_dedup_yield": (c_int, [POINTER(d.Figures), COUNT, COUNT, POINTER(d.Yield)]),
        "balloon_dedup_hash_name": (c_char_p, []),
    },
    "sim": {
        "balloon_sim_new": (c_int, [POINTER(m.CHost), POINTER(HANDLE)]),
        "balloon_sim_free": (None, [HANDLE]),
        "balloon_sim_backend": (c_void_p, [HANDLE]),
        "balloon_sim_uri": (c_char_p, [HANDLE]),
        "balloon_sim_step": (c_int, [HANDLE, COUNT]),
        "balloon_sim_set_host": (c_int, [HANDLE, COUNT, COUNT]),
        "balloon_sim_away": (None, [HANDLE, COUNT]),
        "balloon_sim_nudge": (None, [HANDLE]),
        "balloon_sim_add": (c_int, [HANDLE, POINTER(m.CGuest), NUMBER]),
        "balloon_sim_remove": (c_int, [HANDLE, COUNT]),
        "balloon_sim_restart": (c_int, [HANDLE, COUNT, WORD, NUMBER]),
        "balloon_sim_set_fixed": (c_int, [HANDLE, COUNT, WORD]),
        "balloon_sim_set_demand": (c_int, [HANDLE, COUNT, COUNT, COUNT]),
        "balloon_sim_set_trace": (c_int, [HANDLE, COUNT, POINTER(m.Point), c_size_t]),
        "balloon_sim_set_wander": (c_int, [HANDLE, COUNT]),
        "balloon_sim_add_traces": (c_int, [HANDLE, POINTER(m.CTraceFile), POINTER(c_size_t),
                                           c_void_p, c_size_t]),
        "balloon_sim_set_cache": (c_int, [HANDLE, COUNT, COUNT, COUNT]),
        "balloon_sim_behaviour": (c_int, [STRING, COUNT, POINTER(m.Behaviour)]),
        "balloon_sim_set_behaviour": (c_int, [HANDLE, COUNT, POINTER(m.Behaviour)]),
        "balloon_sim_truth": (c_int, [HANDLE, COUNT, POINTER(m.Truth)]),
        "balloon_sim_host_truth": (c_int, [HANDLE, POINTER(m.HostTruth)]),
    },
    "replay": {
        "balloon_replay_backend": (c_void_p, []),
        "balloon_replay_next": (c_int, [HANDLE, NUMBER]),
        "balloon_replay_looks": (c_uint64, [HANDLE]),
        "balloon_replay_differences": (c_uint64, [HANDLE]),
        "balloon_replay_uri": (c_char_p, [HANDLE]),
        "balloon_replay_library": (c_char_p, [HANDLE]),
    },
}

PROTOTYPES.update({name: (where, result, arguments) for where, functions in FUNCTIONS.items()
                   for name, (result, arguments) in functions.items()})
