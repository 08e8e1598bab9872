"""Runs the Python statements that come on stdin, one a line, and answers each by `ok` or the exception, as JSON.

An expression that is assigned to `answer` comes back with the `ok`.
"""

import json
import sys

from matyan_client import Run
from matyan_client.objects import Image, Text
from matyan_client.repo import Repo

scope: dict = {"Run": Run, "Repo": Repo, "Image": Image, "Text": Text, "sys": sys}
out = sys.stdout
for line in sys.stdin:
    scope["answer"] = None
    try:
        exec(line, scope)
        said = {"ok": scope["answer"]}
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    out.write(f"{json.dumps(said)}\n")
    out.flush()
