"""The link that Ashby is told with an order opens without an account, and shows what Ashby was told."""

from pathlib import Path

import httpx

from tests.adapters.ashby.test_orders import AshbyOrders, ordered_house
from tests.adapters.main_job import KEY, decided, interviewed
from tests.integration.services.rows import holders


def links(world: AshbyOrders) -> set[str]:
    """Every link that Ashby was told."""
    updates = [update for updates in world.ashby.assessments.values() for update in updates]
    return {update["assessment_profile_url"]["value"] for update in updates if "assessment_profile_url" in update}


async def opened(link: str) -> httpx.Response:
    """As somebody opens it who has no account."""
    async with httpx.AsyncClient(trust_env=False, headers={"Accept": "text/html"}) as stranger:
        return await stranger.get(link)


async def test_the_link_of_an_order_opens_without_an_account(database_url: str, tmp_path: Path) -> None:
    """One link from the beginning to the result, at rest nowhere; revoked, it is gone."""
    async with ordered_house(database_url, tmp_path) as (world, house, http):
        await world.order(http)
        await house.until("the invitation", house.invited)
        await interviewed(house)

        async def begun() -> bool:
            return bool(links(world))

        await house.until("the beginning told", begun)
        [link] = links(world)
        assert link.startswith(f"{house.ports.evenhand_url}/r/")
        await decided(house)

        async def completed() -> bool:
            return any(one.get("band") for one in await world.told(http))

        await house.until("the result told", completed)
        assert links(world) == {link}
        page = await opened(link)
        assert page.status_code == 200
        [band] = {str(one["band"]) for one in await world.told(http) if one.get("band")}
        assert band in page.text
        for words in ("Ada", "Quill", world.email):
            assert words not in page.text
        assert await holders(house.runtime.database, link.rpartition("/")[2]) == set()

        service = house.runtime.services.result_links
        [item] = await service.listed(connection=KEY)
        assert item.audit_ref is not None
        await service.revoke(item.audit_ref, reason="It was posted somewhere.", actor="cli")
        assert (await opened(link)).status_code == 404
