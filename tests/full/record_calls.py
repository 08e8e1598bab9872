"""Runs a script and writes down every message and file that the stock client sends for it.

    python record_calls.py OUT.json SCRIPT [ARGUMENT …]

The client is not changed: two of its methods are watched, and do what they do.
"""

import base64
import json
import runpy
import sys

from matyan_client._blob_uploader import BlobUploader
from matyan_client.transport.ws import WsTransport

messages: list[dict] = []
files: dict[str, dict] = {}

send, submit = WsTransport.send, BlobUploader.submit


def watched_send(self: WsTransport, message: dict) -> None:
    messages.append(json.loads(json.dumps(message)))
    send(self, message)


def watched_submit(self: BlobUploader, raw_bytes: bytes, artifact_path: str, content_type: str) -> str:
    files[artifact_path] = {"type": content_type, "bytes": base64.b64encode(raw_bytes).decode()}
    return submit(self, raw_bytes, artifact_path, content_type)


WsTransport.send, BlobUploader.submit = watched_send, watched_submit

out, *sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
with open(out, "w", encoding="utf-8") as file:
    json.dump({"messages": messages, "files": files}, file, allow_nan=False)
