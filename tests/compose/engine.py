"""A stack of containers of the test's own: brought up from a copy of the stack's files, taken down without a trace."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from hpsearch.launch.stack_secrets import write_secrets

ROOT = Path(__file__).parent.parent.parent
BASES = ("python:3.11-slim", "postgres:15")
# An index of your own for the build, where pip here knows one.
BUILD_ARGUMENTS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")


def say(*command, check=True, seconds=600, **options):
    """Run a command and return what it printed."""
    done = subprocess.run(command, text=True, capture_output=True, timeout=seconds, **options)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command[:4])} … ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done if not check else done.stdout


def why_not() -> str | None:
    """Return why no stack can be brought up here, or None."""
    if shutil.which("docker") is None:
        return "no docker command here"
    if say("docker", "info", check=False).returncode:
        return "no Docker engine answers"
    if compose_command() is None:
        return "neither docker compose nor docker-compose here"
    missing = [base for base in BASES if say("docker", "image", "inspect", base, check=False).returncode]
    if any(say("docker", "pull", "-q", base, check=False).returncode for base in missing):
        return f"the base images {', '.join(missing)} are not here and cannot be pulled"
    return None


def compose_command() -> list[str] | None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and say(*command, "version", check=False).returncode == 0:
            return command
    return None


def build(image: str) -> None:
    given = [f"{name}={os.environ[name]}" for name in BUILD_ARGUMENTS if os.environ.get(name)]
    arguments = [part for each in given for part in ("--build-arg", each)]
    say("docker", "build", "--network", "host", "-t", image, *arguments, str(ROOT), seconds=1800)


class Stack:
    """A running stack; a client of it is a container that is none of the stack's."""

    def __init__(self, folder: Path, image: str) -> None:
        self.folder, self.image = folder, image
        self.project = f"hpsearch-test-{secrets.token_hex(3)}"
        self.secrets = dict(
            line.split("=", 1)
            for line in (folder / ".env").read_text().splitlines()
            if line.partition("=")[0].endswith(("PASSWORD", "TOKEN", "SECRET_KEY")) and not line.startswith("#")
        )
        self.client_folder = folder / "client"
        self.client_folder.mkdir(mode=0o777)
        self.client_folder.chmod(0o777)  # the client in its container is another user
        self._client_file = folder / "client.env"
        self._client_file.touch(mode=0o600)
        self._client_file.write_text(
            f"HPSEARCH_RAY=http://ray-head:8265\nMLFLOW_TRACKING_URI=http://mlflow:5000\n"
            f"HPSEARCH_RAY_TOKEN={self.secrets['RAY_TOKEN']}\nMLFLOW_TRACKING_USERNAME=admin\n"
            f"MLFLOW_TRACKING_PASSWORD={self.secrets['MLFLOW_ADMIN_PASSWORD']}\n"
        )

    def compose(self, *arguments, check=True, seconds=600):
        return say(*compose_command(), "-p", self.project, *arguments, check=check, seconds=seconds, cwd=self.folder)

    def client(self, *arguments, check=True, seconds=300):
        """Run a command in a container beside the stack."""
        return say(*self._beside(), *arguments, check=check, seconds=seconds)

    def client_process(self, *arguments):
        """Begin one and let it run."""
        return subprocess.Popen(
            [*self._beside(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def _beside(self):
        place = ["-v", f"{self.client_folder}:/work", "-w", "/work", "--env-file", str(self._client_file)]
        return ["docker", "run", "--rm", "--network", f"{self.project}_default", *place, self.image]

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).split()

    def health(self, container: str) -> str:
        return say("docker", "inspect", "-f", "{{.State.Health.Status}}", container).strip()

    def kill(self, service: str) -> None:
        """Kill a service's first process from outside, as a crash would; the restart policy brings it back."""
        container = self.containers(service)[0]
        before = say("docker", "inspect", "-f", "{{.RestartCount}}", container)
        os.kill(int(say("docker", "inspect", "-f", "{{.State.Pid}}", container)), 9)
        wait_for(lambda: say("docker", "inspect", "-f", "{{.RestartCount}}", container) != before, 60)

    def until_healthy(self, *services: str, seconds=180) -> None:
        for service in services:
            wait_for(lambda s=service: all(self.health(c) == "healthy" for c in self.containers(s)), seconds)

    def published(self) -> list[str]:
        rows = say("docker", "ps", "--filter", f"name={self.project}", "--format", "{{.Ports}}").splitlines()
        return [port for row in rows for port in row.split(", ") if "->" in port]

    def port(self, service: str, inside: int) -> int:
        return int(self.compose("port", service, str(inside)).strip().rpartition(":")[2])

    def status(self, name: str) -> dict:
        return json.loads(self.client("hpsearch", "status", name, "--json"))


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it did not happen within {seconds} s"
        time.sleep(1)
    return found


@contextmanager
def stack_of(folder: Path, image: str):
    """Bring a stack up in `folder`, with ports of its own, and take it down with its volumes."""
    shutil.copy(ROOT / "docker-compose.yml", folder)
    shutil.copytree(ROOT / "stack", folder / "stack")
    write_secrets(folder, "127.0.0.1")
    with (folder / ".env").open("a") as file:
        file.write(f"HPSEARCH_IMAGE={image}\nHPSEARCH_RAY_PORT=0\nHPSEARCH_MLFLOW_PORT=0\n")
    stack = Stack(folder, image)
    try:
        stack.compose("up", "-d")
        stack.until_healthy("postgres", "mlflow", "ray-head", "ray-worker")
        yield stack
    finally:
        stack.compose("down", "-v", "--remove-orphans", check=False)
