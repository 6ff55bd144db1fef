"""What handlers ask the framework for, by type."""

from litestar.di import NamedDependency

from adapters.sandbox.server.settings import Settings
from adapters.sandbox.server.store import Store

StoreDep = NamedDependency[Store]
SettingsDep = NamedDependency[Settings]
