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
    note_max_length=10_000,
    answer_status=202,
)
