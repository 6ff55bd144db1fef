"""Facts about Ashby."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="ashby",
    title="Ashby",
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
    # Ashby publishes no number; it answers 429 when it is too much.
    rate_limit=RateLimit(per_second=5.0, burst=10),
    answer_status=200,
    entry=EntryIdentity.HISTORY,
    credentials=(Need(name="api_key", title="API key: Admin > Integrations > API Keys"),),
    options=(
        Need(
            name="webhook_id",
            title="Id of the webhook, so that the doctor can look at it: the answer of webhook.create, or the page's address",
            optional=True,
        ),
    ),
    scopes=(
        "candidatesRead",
        "candidatesWrite",
        "interviewsRead",
        "jobsRead",
        "hiringProcessMetadataRead",
        "apiKeysRead",
    ),
    reachable_results=True,
)
