"""The plugins of the harness, in the order in which they configure themselves."""

pytest_plugins = (
    "fixtures.target.plugin",
    "fixtures.vapi.plugin",
    "fixtures.database.plugin",
    "fixtures.tenancy.plugin",
    "load.plugin",
    "fixtures.verdict.plugin",
)
