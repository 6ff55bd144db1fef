"""Facts about Workable."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit

MANIFEST = Manifest(
    key="workable",
    title="Workable",
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
    # Unconfirmed: results of assessments may go to this host rather than to the account's own.
    hosts=("www.workable.com",),
    # An account token has ten requests in each ten seconds, and one application takes three of them to read.
    rate_limit=RateLimit(per_second=0.3, burst=3),
    # Any 2xx would do by the letter ("non-200 is an error"), and 200 is the one that is written down.
    answer_status=200,
    entry=EntryIdentity.HISTORY,
    credentials=(
        Need(name="api_token", title="API access token (Settings > Integrations > Apps > API access tokens)"),
        Need(
            name="assessment_token",
            title="token by which results go back, shown when the assessment integration is made",
            optional=True,
        ),
    ),
    options=(Need(name="act_as", title="id of the Workable member in whose name comments are written"),),
    # w_candidates would do for comments too, and for much that Evenhand must not do.
    scopes=("r_jobs", "r_candidates", "w_comments"),
    reachable_results=True,
)
