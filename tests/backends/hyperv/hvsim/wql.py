# SPDX-License-Identifier: LGPL-2.1-or-later
"""WQL as far as clients use it: SELECT … FROM … WHERE, and ASSOCIATORS OF."""
import re

TOKEN = re.compile(r"""\s*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(<>|!=|<=|>=|[=<>(),*{}.])|"""
                   r"""([A-Za-z_][\w]*)|(-?\d+))""", re.S)


class Error(Exception):
    pass


def tokens(text):
    at, text = 0, text.rstrip()
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise Error(f"at {text[at:at + 20]!r}")
        at = m.end()
        string, sign, word, number = m.groups()
        if string is not None:
            yield "string", re.sub(r"\\(.)", r"\1", string[1:-1], flags=re.S)
        elif sign is not None:
            yield "sign", sign
        elif word is not None:
            yield "word", word
        else:
            yield "number", int(number)
    yield "end", None


class Parser:
    def __init__(self, text, server):
        self.t, self.i, self.server = list(tokens(text)), 0, server

    def next(self):
        self.i += 1
        return self.t[self.i - 1]

    def peek(self, *words):
        kind, value = self.t[self.i]
        return kind in ("word", "sign") and value.upper() in words

    def take(self, *words):
        if not self.peek(*words):
            raise Error(f"{'/'.join(words)} expected, not {self.t[self.i][1]!r}")
        return self.next()[1]

    def maybe(self, *words):
        return self.next()[1] if self.peek(*words) else None

    def word(self):
        kind, value = self.next()
        if kind != "word":
            raise Error(f"a name expected, not {value!r}")
        return value

    def value(self):
        kind, value = self.next()
        if kind == "word":
            known = {"TRUE": True, "FALSE": False, "NULL": None, "__SERVER": self.server}
            if value.upper() not in known:
                raise Error(f"a value expected, not {value!r}")
            return known[value.upper()]
        if kind not in ("string", "number"):
            raise Error(f"a value expected, not {value!r}")
        return value

    # Each condition is a function from an instance (a dict) to bool.

    def either(self):
        a = self.both()
        while self.maybe("OR"):
            a = (lambda a, b: lambda o: a(o) or b(o))(a, self.both())
        return a

    def both(self):
        a = self.one()
        while self.maybe("AND"):
            a = (lambda a, b: lambda o: a(o) and b(o))(a, self.one())
        return a

    def one(self):
        if self.maybe("NOT"):
            a = self.one()
            return lambda o: not a(o)
        if self.maybe("("):
            a = self.either()
            self.take(")")
            return a
        name = self.word()
        if self.maybe("IS"):
            no = self.maybe("NOT")
            self.take("NULL")
            return lambda o: (get(o, name) is None) != bool(no)
        op = self.take("=", "!=", "<>", "<", ">", "<=", ">=", "LIKE").upper()
        value = self.value()
        return lambda o: compare(get(o, name), op, value)


def get(instance, name):
    for key, value in instance.items():
        if key.lower() == name.lower():
            return value
    raise Error(f"no property {name}")


def comparable(have, want):
    """Dates compare as WMI's text does, strings whatever their case."""
    if hasattr(have, "strftime"):
        have = have.strftime("%Y%m%d%H%M%S.%f+000")
    if isinstance(have, str) or isinstance(want, str):
        return str(have).upper(), str(want).upper()
    return int(have), int(want)


def like(text, pattern):
    parts = {"%": ".*", "_": "."}
    return re.fullmatch("".join(parts.get(c, re.escape(c)) for c in pattern), text,
                        re.I | re.S) is not None


def compare(have, op, want):
    if have is None or want is None:
        return (have is want) == (op == "=")
    if op == "LIKE":
        return like(str(have), str(want))
    a, b = comparable(have, want)
    return {"=": a == b, "!=": a != b, "<>": a != b, "<": a < b, ">": a > b,
            "<=": a <= b, ">=": a >= b}[op]


def parse(text, server):
    """("select", names or None for *, class, condition) or
    ("associators", class, keys, assoc class or None, result class or None)."""
    p = Parser(text, server)
    if p.maybe("ASSOCIATORS"):
        return parse_associators(p)
    p.take("SELECT")
    names = None
    if not p.maybe("*"):
        names = [p.word()]
        while p.maybe(","):
            names.append(p.word())
    p.take("FROM")
    cls = p.word()
    condition = p.either() if p.maybe("WHERE") else lambda o: True
    if p.next()[0] != "end":
        raise Error("more than one query")
    return "select", names, cls, condition


def parse_associators(p):
    p.take("OF")
    p.take("{")
    cls, keys = p.word(), {}
    p.take(".")
    while True:
        name = p.word()
        p.take("=")
        keys[name] = p.value()
        if not p.maybe(","):
            break
    p.take("}")
    more = {"ASSOCCLASS": None, "RESULTCLASS": None}
    if p.maybe("WHERE"):
        while p.peek(*more):
            which = p.next()[1].upper()
            p.take("=")
            more[which] = p.word()
    return "associators", cls, keys, more["ASSOCCLASS"], more["RESULTCLASS"]
