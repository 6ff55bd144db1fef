"""``python -m adapters.sandbox.server`` as a process: ready line, secrets from files, SIGTERM; and its isolation."""

import ast
import asyncio
import re
import signal
import sys
from pathlib import Path

import httpx

import adapters.sandbox.server

SERVER = Path(adapters.sandbox.server.__file__).parent


async def start(*arguments: str, environment: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "adapters.sandbox.server", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment or {},
        cwd=SERVER.parents[2],
    )


async def test_runs_and_stops(tmp_path: Path) -> None:
    """One line says where it is; it answers at once; SIGTERM ends it with 0 and nothing on stderr."""
    for name, value in (("api", "file-key-0123456789"), ("hook", "file-secret")):
        (tmp_path / name).write_text(f"{value}\n", "utf-8")
    process = await start(
        *("--port", "0", "--database", str(tmp_path / "s.db"), "--seed", "pilot"),
        *("--api-key-file", str(tmp_path / "api"), "--webhook-secret-file", str(tmp_path / "hook")),
        *("--webhook-url", "http://127.0.0.1:9/x"),
        environment={"SANDBOX_ADMIN_KEY": "environment-key-0123"},
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    found = re.fullmatch(r"Northwind Outdoor sandbox ATS is at (http://127\.0\.0\.1:\d+)\n", line)
    assert found, line
    async with httpx.AsyncClient(base_url=found.group(1)) as client:
        for key, status in (("file-key-0123456789", 200), ("environment-key-0123", 200), ("another-key", 401)):
            answer = await client.get("/api/v1/jobs", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == status
    process.send_signal(signal.SIGTERM)
    rest, errors = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, rest, errors) == (0, b"", b"")


async def test_cannot_start(tmp_path: Path) -> None:
    """A missing key file, or a key too short, is one sentence and status 2."""
    for arguments in (["--api-key-file", str(tmp_path / "none")], []):
        process = await start("--port", "0", "--database", str(tmp_path / "s.db"), "--seed", "pilot", *arguments)
        _, errors = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 2
        assert errors.decode().startswith("the sandbox cannot start: ")
        assert errors.count(b"\n") == 1


def test_the_sandbox_knows_nothing_of_us() -> None:
    """The server has no word of Evenhand and imports nothing of ours but itself."""
    for path in sorted(SERVER.rglob("*")):
        if path.is_file() and path.suffix in {".py", ".html", ".css", ".svg", ".sql"}:
            assert "evenhand" not in path.read_text("utf-8").lower(), path
    for path in sorted(SERVER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = [name for name in names if name.split(".")[0] in {"orchestrator", "adapters", "rubrics", "httpx"}]
            assert all(name.startswith("adapters.sandbox.server") for name in ours), path
