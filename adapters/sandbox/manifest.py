"""Facts about the sandbox ATS."""

from adapters.contract.manifest import Auth, Capability, Manifest, RateLimit

MANIFEST = Manifest(
    key="sandbox",
    title="Sandbox ATS",
    auth=Auth.API_KEY,
    capabilities=frozenset(
        {
            Capability.WEBHOOKS,
            Capability.SIGNED_WEBHOOKS,
            Capability.POLLING,
            Capability.STAGES,
            Capability.CUSTOM_FIELDS,
            Capability.CONDITIONAL_WRITES,
            Capability.NOTES,
            Capability.PRIVATE_NOTES,
            Capability.ADVANCE,
        }
    ),
    rate_limit=RateLimit(per_second=25.0, burst=50),
    scopes=(
        "applications:read",
        "candidates:read",
        "fields:read",
        "fields:write",
        "jobs:read",
        "notes:read",
        "notes:write",
        "webhooks:read",
    ),
    note_max_length=10_000,
    answer_status=202,
    dates_entries=True,
)
