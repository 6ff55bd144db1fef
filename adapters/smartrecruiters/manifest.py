"""Facts about SmartRecruiters. The scopes' names, except ``webhooks_manage``, are not confirmed by the vendor."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="smartrecruiters",
    title="SmartRecruiters",
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
    rate_limit=RateLimit(per_second=10.0, burst=8),
    hosts=("api.smartrecruiters.com", "www.smartrecruiters.com"),
    answer_status=202,
    entry=EntryIdentity.TIME,
    credentials=(
        Need(name="api_key", title="API key (X-SmartToken), from Settings, Apps & Integrations", optional=True),
        Need(
            name="client_id", title="OAuth client id, instead of an API key; for assessments beside one", optional=True
        ),
        Need(
            name="client_secret",
            title="OAuth client secret, instead of an API key; for assessments beside one",
            optional=True,
        ),
    ),
    options=(
        Need(name="token_url", title="Address of the token endpoint, where it is not the usual one", optional=True),
    ),
    scopes=(
        "candidates_read",
        "candidates_manage",
        "candidate_status_read",
        "jobs_read",
        "configuration_read",
        "messages_read",
        "messages_write",
        "webhooks_manage",
    ),
)
