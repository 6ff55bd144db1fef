"""Facts about connections of your own making."""

from adapters.contract.manifest import Auth, Capability, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="generic",
    title="Standard Webhooks (anything else, n8n and other middleware)",
    auth=Auth.API_KEY,
    capabilities=frozenset(
        {
            Capability.WEBHOOKS,
            Capability.SIGNED_WEBHOOKS,
            Capability.POLLING,
            Capability.STAGES,
            Capability.CUSTOM_FIELDS,
            Capability.NOTES,
            Capability.PRIVATE_NOTES,
        }
    ),
    # Ours: middleware has no limits of its own that we could know, and the ATS behind it has.
    rate_limit=RateLimit(per_second=5.0, burst=10),
    note_max_length=10_000,
    credentials=(
        Need(name="signing_secret", title="secret that signs what we send: whsec_ and at least 24 bytes in base64"),
        Need(name="read_token", title="bearer token with which we read at read_url"),
        Need(name="next_signing_secret", title="second signing secret, while one is changed", optional=True),
    ),
    options=(
        Need(name="read_url", title="address where records are read (whole, or below base_url)"),
        Need(
            name="reach",
            title="how far requests may go: public (the default), loopback or private",
            optional=True,
        ),
    ),
)
