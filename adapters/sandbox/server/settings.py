"""How one sandbox behaves. All durations are seconds."""

from msgspec import Struct

MINUTES_OF_RETRIES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)


class Settings(Struct, frozen=True, kw_only=True):
    """Limits and schedules.

    ``retry_schedule`` has the wait before each further try of a delivery; after the last one the delivery is given up.
    ``allowed_hosts`` are the Host header names that are answered, which keeps other web pages out of a local sandbox.
    """

    requests_per_second: float = 50.0
    burst: int = 100
    page_size: int = 50
    max_page_size: int = 100
    retry_schedule: tuple[float, ...] = MINUTES_OF_RETRIES
    delivery_timeout: float = 10.0
    max_body_bytes: int = 1_000_000
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    recruiter: str = "Robin Recruiter"
