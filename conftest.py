"""What the checks stand on, beside the plugins that `pyproject.toml` names because they add options."""

pytest_plugins = ("fixtures.vapi.plugin", "fixtures.tenancy.plugin")
