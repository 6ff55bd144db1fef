"""Facts about Recruitee."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="recruitee",
    title="Recruitee (Tellent)",
    auth=Auth.API_KEY,
    capabilities=frozenset(
        {
            Capability.WEBHOOKS,
            Capability.SIGNED_WEBHOOKS,
            Capability.POLLING,
            Capability.STAGES,
            Capability.NOTES,
        }
    ),
    # Unconfirmed: companies on trial are said to have 100 requests a minute; of others nothing is known.
    rate_limit=RateLimit(per_second=0.7, burst=10),
    # Recruitee counts nothing but 200 as delivered.
    answer_status=200,
    # A placement has a time of change, which other things than a move set as well, and no history.
    entry=EntryIdentity.NONE,
    credentials=(
        Need(name="api_token", title="personal API token (Settings > Apps and plugins > Personal API tokens)"),
    ),
    options=(Need(name="company", title="company id, shown beside the personal API tokens"),),
)
