"""Evaluates expressions as the reference's sandbox does: a JSON line in ({"expression"}), a JSON line out.

The first line is {"attributes": <Python literal>}, the parameters of the run that the expressions may ask.
"""
import ast
import json
import math
import sys
from datetime import datetime, timedelta


def wrap(value):
    return Wrapped(value) if isinstance(value, dict) else value


class Wrapped:
    def __init__(self, entries):
        self.__dict__["entries"] = entries

    def __getattr__(self, name):
        return wrap(self.entries.get(name))

    def __getitem__(self, key):
        return wrap(self.entries[key])

    def __contains__(self, key):
        return key in self.entries

    def __eq__(self, other):
        return self.entries == (other.entries if isinstance(other, Wrapped) else other)

    def __bool__(self):
        return bool(self.entries)

    def __repr__(self):
        return repr(self.entries)

    __hash__ = None


class Run:
    hash = "0f" * 16
    name = "alpha-Ünï"
    description = ""
    experiment = None
    created_at = creation_time = 1767225600.0
    end_time = 1767225660.5
    duration = 60.5
    active = True
    archived = is_archived = False

    def __init__(self, attributes):
        self.__dict__["attributes"] = attributes

    def __getattr__(self, name):
        return wrap(self.attributes.get(name))

    def __getitem__(self, key):
        return wrap(self.attributes.get(key))


def attribute(value, name):
    if isinstance(value, str) and name in ("format", "format_map"):
        raise NotImplementedError
    if isinstance(value, (Wrapped, Run)) and name in ("entries", "attributes"):
        return None
    return getattr(value, name, None)


def few(*bounds):
    made = range(*bounds)
    if len(made) >= 1000:
        raise ValueError
    return made


def no_text(kind):
    def convert(*values):
        if values and isinstance(values[0], str):
            raise TypeError
        return kind(*values)

    return convert


class Math:
    """Which sign a NaN has is the processor's own affair: here it is positive."""

    def __getattr__(self, name):
        return getattr(math, name)

    @staticmethod
    def copysign(size, sign, /):
        return math.copysign(size, 0.0 if isinstance(sign, float) and math.isnan(sign) else sign)


def power(base, exponent):
    made = base**exponent
    # C's pow misses the nearest double now and then; which it is follows from these.
    if isinstance(made, float) and exponent in (2, -1):
        return float(base) * float(base) if exponent == 2 else 1 / float(base)
    return made


class Safely(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        return ast.Call(ast.Name("power", ast.Load()), [node.left, node.right], [])

    def visit_Attribute(self, node):
        self.generic_visit(node)
        return ast.Call(ast.Name("attribute", ast.Load()), [node.value, ast.Constant(node.attr)], [])


names = {
    name: getattr(__builtins__, name)
    for name in (
        "abs all any bool bytes callable chr divmod float frozenset hex int isinstance len max min oct ord pow repr round "
        "set sorted str sum zip"
    ).split()
}
names |= {"math": Math(), "datetime": datetime, "timedelta": timedelta, "range": few, "list": no_text(list), "tuple": no_text(tuple)}
run = Run(ast.literal_eval(json.loads(sys.stdin.readline())["attributes"]))
for line in sys.stdin:
    try:
        tree = ast.parse("(" + json.loads(line)["expression"] + ")", mode="eval")
        tree = ast.fix_missing_locations(Safely().visit(tree))
        scope = {"__builtins__": {}, **names, "attribute": attribute, "power": power, "run": run}
        answer = {"value": repr(eval(compile(tree, "<query>", "eval"), scope))}
    except Exception as error:
        answer = {"error": type(error).__name__}
    print(json.dumps(answer), flush=True)
