"""What the ATS itself says, read back over its REST API: the only witness that counts."""

from typing import Any, Self

import httpx

from orchestrator.errors import EvenhandError

Profile = dict[str, Any]


class NotSeen(EvenhandError):
    """The ATS never showed what was waited for."""


class Witness:
    """Reads the sandbox ATS with an admin key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._client = httpx.Client(
            base_url=f"{base_url}/api/v1", headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=10.0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def application_in(self, job: str, stage: str) -> dict[str, Any]:
        """The first application for a job that stands in a stage, by their names."""
        for row in self._get("/applications")["items"]:
            application = self._get(f"/applications/{row['id']}")
            if application["job"]["title"] == job and application["stage"]["name"] == stage:
                return application
        raise NotSeen(f"nobody stands in {stage!r} of {job!r}")

    def stage_id(self, job_id: str, name: str) -> str:
        """The id of a stage of a job, by its name."""
        stages = self._get(f"/jobs/{job_id}/stages")["items"]
        return str(next(stage["id"] for stage in stages if stage["name"] == name))

    def profile(self, application_id: str) -> Profile:
        """Candidate, custom fields and notes as the ATS shows them now."""
        return self._get(f"/applications/{application_id}/profile")

    def _get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.get(path).raise_for_status().json()
        return answer
