# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every struct, enum, constant and call of the Python package against the headers, as
a C compiler reads them: none missing, none too many, each byte where C has it.

The compiler's own tree (clang) says what there is; a C program says where it lies."""
import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import balloon
from balloon import _calls, backend, dedup, dedup_structs, sim_structs, structs, words
from balloon._struct import Struct

INCLUDE = os.environ["BALLOON_INCLUDE"]
HEADERS = sorted(name for name in os.listdir(os.path.join(INCLUDE, "balloon")))
CONSTANTS = {"BALLOON_UNKNOWN": balloon.UNKNOWN, "BALLOON_PAGE_BYTES": balloon.PAGE_BYTES,
             "BALLOON_BYTES_MAX": balloon.BYTES_MAX, "BALLOON_SHARES_MAX": balloon.SHARES_MAX,
             "BALLOON_GUESTS_MAX": balloon.GUESTS_MAX, "BALLOON_NODES_MAX": balloon.NODES_MAX, "BALLOON_FLOORS_MAX": balloon.FLOORS_MAX,
             "BALLOON_MEANS_N": balloon.MEANS_N, "BALLOON_MISSES": balloon.MISSES,
             "BALLOON_BACKEND_ABI": backend.ABI,
             "BALLOON_DEDUP_GUESTS_MAX": dedup.GUESTS_MAX,
             "BALLOON_DEDUP_ONE_IN_MAX": dedup.ONE_IN_MAX}
TYPES = {  # to ctypes, size_t is uint64_t
    "uint64_t": ctypes.c_uint64, "uint32_t": ctypes.c_uint32, "int32_t": ctypes.c_int32,
    "int": ctypes.c_int, "size_t": ctypes.c_size_t, "const char *": ctypes.c_char_p, "void": None}
CLASSES = {cls.C_NAME: cls for module in (structs, sim_structs, dedup_structs)
           for cls in vars(module).values()
           if isinstance(cls, type) and issubclass(cls, Struct) and cls is not Struct}


# A sanitizer's runtime is for this process alone.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}


def syntax_tree():
    source = "".join(f"#include <balloon/{name}>\n" for name in HEADERS)
    said = subprocess.run(
        ["clang", "-x", "c", "-I", INCLUDE, "-fsyntax-only", "-Xclang", "-ast-dump=json", "-"],
        input=source, text=True, capture_output=True, check=True, env=ENVIRONMENT)
    return json.loads(said.stdout)["inner"]


def said_by_compiler(lines):
    """What a C program prints that has these expressions in it."""
    with tempfile.TemporaryDirectory(prefix="balloon-layout-") as folder:
        source, program = os.path.join(folder, "a.c"), os.path.join(folder, "a")
        with open(source, "w") as file:
            file.write("#include <stdio.h>\n")
            file.writelines(f"#include <balloon/{name}>\n" for name in HEADERS)
            file.write("int main(void)\n{\n")
            file.writelines(f'\tprintf("%llu\\n", (unsigned long long)({line}));\n'
                            for line in lines)
            file.write("}\n")
        subprocess.run(["clang", "-I", INCLUDE, source, "-o", program], check=True,
                       env=ENVIRONMENT)
        printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return dict(zip(lines, map(int, printed.split())))


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        tree = syntax_tree()
        ours = [node for node in tree if node.get("name", "").startswith("balloon_")]
        cls.structs = {node["name"]: {f["name"]: f["type"]["qualType"] for f in node["inner"]
                                      if f["kind"] == "FieldDecl"}
                       for node in ours if node["kind"] == "RecordDecl" and "inner" in node}
        cls.enums = {node["name"]: [c["name"] for c in node["inner"]
                                    if c["kind"] == "EnumConstantDecl"]
                     for node in ours if node["kind"] == "EnumDecl" and "inner" in node}
        cls.calls = {node["name"]: node for node in ours if node["kind"] == "FunctionDecl"}

    def test_there_is_something_to_compare(self):
        for found in (self.structs, self.enums, self.calls):
            self.assertGreater(len(found), 10)

    def test_structs(self):
        self.assertEqual(set(self.structs), set(CLASSES))
        for name, fields in self.structs.items():
            with self.subTest(struct=name):
                self.assertEqual(list(CLASSES[name].FIELDS), list(fields))
                for field, kind in CLASSES[name].FIELDS.items():
                    self.assertTrue(fits(kind.ctype, fields[field]), f"{field}: {fields[field]}")

    def test_layout(self):
        there = {}
        for name, cls in CLASSES.items():
            there[f"sizeof(struct {name})"] = ctypes.sizeof(cls)
            for field in cls.FIELDS:
                offset, size = cls.place(field)
                there[f"offsetof(struct {name}, {field})"] = offset
                there[f"sizeof(((struct {name} *)0)->{field})"] = size
        self.assertEqual(there, said_by_compiler(list(there)))

    def test_enums(self):
        self.assertEqual(set(self.enums), set(words.ENUMS))
        values = {}
        for name, (enum, prefix) in words.ENUMS.items():
            with self.subTest(enum=name):
                members = {prefix + m.name: m.value for m in enum}
                self.assertEqual(sorted(members), sorted(self.enums[name]))
                values.update(members)
        self.assertEqual(values, said_by_compiler(list(values)))

    def test_constants(self):
        defined = set()
        for header in HEADERS:
            with open(os.path.join(INCLUDE, "balloon", header)) as file:
                defined |= set(re.findall(r"^#define (BALLOON_\w+) ", file.read(), re.M))
        defined -= {"BALLOON_API"}
        self.assertEqual(defined, set(CONSTANTS))
        self.assertEqual(CONSTANTS, said_by_compiler(list(CONSTANTS)))

    def test_calls(self):
        known = {name: signature for functions in _calls.FUNCTIONS.values()
                 for name, signature in functions.items()}
        self.assertEqual(set(self.calls), set(known))
        for name, (result, arguments) in known.items():
            with self.subTest(call=name):
                node = self.calls[name]
                c_result = node["type"]["qualType"].split("(")[0].strip()
                c_arguments = [p["type"]["qualType"] for p in node.get("inner", [])
                               if p["kind"] == "ParmVarDecl"]
                self.assertTrue(fits(result, c_result), f"returns {c_result}")
                self.assertEqual(len(arguments), len(c_arguments))
                for mine, theirs in zip(arguments, c_arguments):
                    self.assertTrue(fits(mine, theirs), f"{mine} for {theirs}")

    def test_symbols(self):
        for where, functions in _calls.FUNCTIONS.items():
            for name in functions:
                with self.subTest(symbol=name):
                    self.assertTrue(balloon._call(name))


def fits(mine, theirs):
    """Is this ctypes type the one for that C type?"""
    mine = getattr(mine, "ctype", mine)
    if mine is ctypes.c_void_p:  # a handle, or room for text
        return theirs.endswith("*") and not theirs.endswith("**")
    if "(*)" in theirs:
        result, arguments = theirs.rstrip(")").split("(*)(")
        given = arguments.split(", ")
        return (fits(mine._restype_, result.strip()) and len(given) == len(mine._argtypes_) and
                all(map(fits, mine._argtypes_, given)))
    if isinstance(mine, type) and issubclass(mine, Struct):
        return theirs == f"struct {mine.C_NAME}"
    if isinstance(mine, type) and issubclass(mine, ctypes.Array):
        inner, _, length = theirs.partition("[")
        return fits(mine._type_, inner) and length == f"{mine._length_}]"
    pointed = getattr(mine, "_type_", None)
    if isinstance(pointed, type):
        inner = re.sub(r"^const ", "", theirs[:-1].strip()) if theirs.endswith("*") else ""
        return fits(pointed, inner)
    return theirs in TYPES and TYPES[theirs] is mine


if __name__ == "__main__":
    if not shutil.which("clang"):
        print("skip: there is no clang to read the headers")
        sys.exit(77)
    unittest.main()
