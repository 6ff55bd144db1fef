"""Facts about Kombo."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="kombo",
    title="Kombo (unified ATS and assessment API)",
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
    # Kombo publishes no limit; this one is ours.
    rate_limit=RateLimit(per_second=2.0, burst=10),
    answer_status=200,
    # An application has the time of its last change and no history.
    entry=EntryIdentity.NONE,
    credentials=(Need(name="api_key", title="API key of the environment (Kombo dashboard, Secrets)"),),
    options=(
        Need(name="integration_id", title="id of the customer's integration (Kombo dashboard, Integrations)"),
        Need(name="tool", title="the ATS behind Kombo, in Kombo's word, where act_as is given", optional=True),
        Need(name="act_as", title="the ATS's id of the user in whose name notes are written", optional=True),
    ),
    reachable_results=True,
)
