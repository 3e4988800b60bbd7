"""How soon an agent is answered: the start beside the import of the SDK, the first answer, and later ones.

    python benchmarks/agents.py demo-out/demo.duckdb

The best of five starts of a real server on standard input and output; the first makes the read file if the store
has none. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, cast

_STARTS = 5
_START_TARGET_S = 0.4  # above the import
_ANSWER_TARGET_S = 2.0
_SDK = "import mcp.server.mcpserver"
_HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}


class Server:
    """A server that is asked line by line."""

    def __init__(self, store: Path) -> None:
        command = [sys.executable, "-m", "trendscout", "--db", str(store), "mcp"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.into, self.out = cast("IO[bytes]", self.process.stdin), cast("IO[bytes]", self.process.stdout)
        self.number = 0

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of a request."""
        self.number += 1
        self._write({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        while True:
            found = json.loads(self.out.readline())
            if found.get("id") == self.number:
                return dict(found["result"])

    def tell(self, method: str) -> None:
        """A notification."""
        self._write({"jsonrpc": "2.0", "method": method})

    def _write(self, message: dict[str, Any]) -> None:
        self.into.write(json.dumps(message).encode() + b"\n")
        self.into.flush()

    def close(self) -> None:
        """End it as a client does: no more input."""
        self.into.close()
        self.process.wait(10)


def timed(store: Path) -> tuple[float, float, float]:
    """Seconds until it was up, until its first answer after that, and for one more."""
    begun = time.perf_counter()
    server = Server(store)
    server.ask("initialize", _HELLO)
    server.tell("notifications/initialized")
    up = time.perf_counter()
    answers = []
    for _ in range(2):
        asked = time.perf_counter()
        answer = server.ask("tools/call", {"name": "report", "arguments": {}})
        if answer.get("isError"):
            sys.exit(str(answer))
        answers.append(time.perf_counter() - asked)
    server.close()
    return up - begun, answers[0], answers[1]


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    store = Path(arguments[0])
    imports = []
    for _ in range(_STARTS):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", _SDK], check=True)
        imports.append(time.perf_counter() - begun)
    runs = [timed(store) for _ in range(_STARTS)]
    up, first, later = (min(run[place] for run in runs) for place in range(3))
    extra = up - min(imports)
    print(f"Python with the SDK alone     {min(imports):.2f} s")
    print(f"up after                      {up:.2f} s; above the SDK {extra:.2f} s (target: {_START_TARGET_S} s)")
    print(f"first answer, without a file  {runs[0][1]:.2f} s (target: {_ANSWER_TARGET_S} s)")
    print(f"first answer                  {first:.2f} s")
    print(f"one more                      {later:.3f} s")
    sys.exit(extra > _START_TARGET_S or runs[0][1] > _ANSWER_TARGET_S)


if __name__ == "__main__":
    main(sys.argv[1:])
