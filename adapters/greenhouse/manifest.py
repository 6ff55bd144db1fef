"""Facts about Greenhouse Recruiting."""

from adapters.contract.manifest import Auth, Capability, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="greenhouse",
    title="Greenhouse Recruiting",
    auth=Auth.OAUTH_CLIENT_CREDENTIALS,
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
    # The vendor counts HTTP requests in windows of 30 s and shows 75 as an example; one verb here takes up to four of
    # them. 3 + 0.5 x 30 verbs in any window are 72 requests.
    rate_limit=RateLimit(per_second=0.5, burst=3),
    hosts=("harvest.greenhouse.io", "auth.greenhouse.io", "app.greenhouse.io"),
    answer_status=200,
    credentials=(
        Need(name="client_id", title="Client ID of the Harvest V3 (OAuth) credential, from Configure > Dev Center"),
        Need(name="client_secret", title="Client secret of the same credential; Greenhouse shows it once"),
        Need(
            name="assessment_key",
            title="Key for telling Greenhouse that a test is complete; Greenhouse's partner team issues it",
            optional=True,
        ),
    ),
    options=(
        Need(
            name="act_as",
            title="Number of the Greenhouse user in whose name Evenhand reads and writes (it must be a Site Admin)",
            optional=True,
        ),
        Need(
            name="grant",
            title="client_credentials (the default) for your own account, or code for a partner integration",
            optional=True,
        ),
    ),
    scopes=(
        "harvest:applications:list",
        "harvest:applications:update",
        "harvest:application_stages:list",
        "harvest:candidates:list",
        "harvest:jobs:list",
        "harvest:job_interview_stages:list",
        "harvest:custom_fields:list",
        "harvest:custom_field_options:list",
        "harvest:notes:list",
        "harvest:notes:create",
    ),
    reachable_results=True,
)
