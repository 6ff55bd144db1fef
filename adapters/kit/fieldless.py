"""The verbs of custom fields for vendors that have none: notes carry the result there."""

from collections.abc import Mapping
from typing import NoReturn

from adapters.contract.errors import Unsupported
from adapters.contract.manifest import Capability
from adapters.contract.model import FieldValue


class WithoutFields:
    """Three verbs of ``Adapter`` that raise Unsupported, whatever they are asked."""

    async def list_fields(self) -> NoReturn:
        """Raise Unsupported: there are no custom fields that can be written."""
        raise Unsupported(Capability.CUSTOM_FIELDS)

    async def read_fields(self, application_id: str) -> NoReturn:  # noqa: ARG002 - the port's signature
        """Raise Unsupported: there are no custom fields that can be written."""
        raise Unsupported(Capability.CUSTOM_FIELDS)

    async def write_fields(
        self,
        application_id: str,  # noqa: ARG002 - the port's signature
        values: Mapping[str, FieldValue],  # noqa: ARG002 - the port's signature
        *,
        expected: Mapping[str, FieldValue],  # noqa: ARG002 - the port's signature
    ) -> NoReturn:
        """Raise Unsupported: there are no custom fields that can be written."""
        raise Unsupported(Capability.CUSTOM_FIELDS)
