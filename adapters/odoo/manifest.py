"""Facts about Odoo Recruitment."""

from adapters.contract.manifest import Auth, Capability, EntryIdentity, Manifest, Need, RateLimit
from adapters.odoo.mapping import NEEDED_GROUPS

MANIFEST = Manifest(
    key="odoo",
    title="Odoo Recruitment",
    auth=Auth.API_KEY,
    capabilities=frozenset(
        {Capability.WEBHOOKS, Capability.POLLING, Capability.STAGES, Capability.CUSTOM_FIELDS, Capability.NOTES}
    ),
    # Odoo names no limit. Every request is a transaction on the customer's own server, so this is courtesy.
    rate_limit=RateLimit(per_second=5.0, burst=10),
    answer_status=200,
    entry=EntryIdentity.HISTORY,
    dates_entries=True,
    credentials=(Need(name="api_key", title="API key of Evenhand's own user (My Preferences, Security, Add API Key)"),),
    options=(
        Need(
            name="database",
            title="Name of the database, where one server holds several (ask whoever runs it)",
            optional=True,
        ),
    ),
    scopes=NEEDED_GROUPS,
)
