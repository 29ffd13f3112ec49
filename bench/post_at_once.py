"""An omprog script that posts the terminator line at once, and nothing else.

What the delay of an alert is compared with: no trace, no journal, no outbox.
"""

from __future__ import annotations

import http.client
import json
import os
import sys


def main(port: int) -> None:
    buffer = bytearray(65536)
    while size := os.readv(0, [buffer]):
        line = bytes(buffer[:size])
        if b"---[ end Kernel panic" in line:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            body = json.dumps({"message": line.decode("utf-8", "replace")})
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/hook", body, headers)
            connection.getresponse().read()
            connection.close()
        os.write(1, b"OK\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
