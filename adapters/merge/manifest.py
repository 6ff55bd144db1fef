"""Facts about Merge."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="merge",
    title="Merge (unified ATS API)",
    auth=Auth.API_KEY,
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
    # Unconfirmed: a hundred requests a minute for one linked account.
    rate_limit=RateLimit(per_second=1.5, burst=10),
    # Merge counts every answer but 4xx and 5xx as delivered; its test tool shows 200.
    answer_status=200,
    # An application has the time of its last change, which is Merge's own, and no history.
    entry=EntryIdentity.NONE,
    credentials=(
        Need(name="api_key", title="production access key (Merge dashboard, API keys)"),
        Need(name="account_token", title="account token of the customer's linked account"),
    ),
    options=(
        Need(name="act_as", title="Merge's id of the ATS user in whose name notes are written (GET /users, member id)"),
    ),
)
