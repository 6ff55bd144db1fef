"""Facts about Teamtailor."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="teamtailor",
    title="Teamtailor",
    auth=Auth.API_KEY,
    capabilities=frozenset(
        {
            Capability.WEBHOOKS,
            Capability.SIGNED_WEBHOOKS,
            Capability.POLLING,
            Capability.STAGES,
            Capability.CUSTOM_FIELDS,
            Capability.NOTES,
        }
    ),
    # 50 in 10 seconds, not confirmed by the vendor: what comes at once and what comes after stay below it together.
    rate_limit=RateLimit(per_second=4.0, burst=10),
    hosts=("api.teamtailor.com", "api.na.teamtailor.com"),
    answer_status=200,
    entry=EntryIdentity.TIME,
    credentials=(
        Need(
            name="api_key", title="API key with the scope Admin, read and write, from Settings, Integrations, API keys"
        ),
        Need(name="partner_key", title="Key of the partner API, for assessments only", optional=True),
    ),
    options=(
        Need(name="act_as", title="Id of the Teamtailor user in whose name notes are written"),
        Need(name="api_version", title="Version of the API (X-Api-Version), where it is not 20240404", optional=True),
    ),
    scopes=("admin", "read", "write"),
)
