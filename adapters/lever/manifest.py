"""Facts about Lever."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="lever",
    title="Lever",
    auth=Auth.API_KEY,
    # No custom fields: Lever has none on opportunities that can be written, so a note carries the result.
    capabilities=frozenset(
        {
            Capability.WEBHOOKS,
            Capability.SIGNED_WEBHOOKS,
            Capability.POLLING,
            Capability.STAGES,
            Capability.NOTES,
            Capability.PRIVATE_NOTES,
        }
    ),
    # Not confirmed by the vendor: several integrations name this bucket; no header tells it.
    rate_limit=RateLimit(per_second=10.0, burst=20),
    answer_status=200,
    entry=EntryIdentity.TIME,
    credentials=(
        Need(name="api_key", title="API key: Settings > Integrations and API > API credentials", optional=True),
        Need(name="client_id", title="Client id of the OAuth app, in place of an API key", optional=True),
        Need(name="client_secret", title="Client secret of the OAuth app", optional=True),
    ),
    options=(
        Need(name="act_as", title="Id of the Lever user in whose name notes are written", optional=True),
        Need(name="token_url", title="Origin of the token endpoint, where it is not the usual one", optional=True),
    ),
    # Not confirmed by the vendor: the names of the permissions.
    scopes=(
        "opportunities:read:admin",
        "applications:read:admin",
        "postings:read:admin",
        "stages:read:admin",
        "archive_reasons:read:admin",
        "notes:read:admin",
        "notes:write:admin",
        "users:read:admin",
        "webhooks:read:admin",
    ),
)
