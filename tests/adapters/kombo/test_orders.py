"""An order at Kombo end to end: ordered twice, interviewed once, reviewed, put there once."""

from pathlib import Path

import httpx

from orchestrator.db.models.ordering import ReportState
from orchestrator.domain.ordering import OrderState
from tests.adapters.kombo.test_main_job import KomboLife, living
from tests.adapters.kombo.world import KOMBO_CASE, sign
from tests.adapters.main_job import KEY, PRESENTED, Evenhand, connected_house, decided, interviewed
from tests.adapters.order_job import OFFER, all_told, order_rows, report_states
from tests.adapters.suite import NOW


def address(house: Evenhand) -> str:
    """Where the webhook for orders goes."""
    return f"{house.ports.evenhand_url}/partner/{KEY}/orders"


async def test_an_order_twice_is_one_interview_and_one_result(sqlite_url: str, tmp_path: Path) -> None:
    """With faults on, an order whose delivery comes three times makes one interview; its result is put once, whole."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, KomboLife)
        await world.listen(address(house), PRESENTED)
        await world.misbehave()
        order_id = world.kombo.order(OFFER, world.application_id)
        assert await world.kombo.post.deliver() == [200] * 3
        await house.until("the invitation", house.invited)
        await interviewed(house)
        assert world.kombo.results == {}
        await world.misbehave(calm=True)
        await decided(house)

        async def put() -> bool:
            return order_id in world.kombo.results and await all_told(house)

        await house.until("the result", put)
        assert (len(house.links()), await house.interviews()) == (1, 1)
        (order,) = await order_rows(house)
        assert (order.state, order.ours) == (OrderState.PLACED, False)
        assert set(await report_states(house)) == {ReportState.NO_WORD, ReportState.TOLD}
    (result,) = world.kombo.results[order_id]
    assert (result["status"], world.kombo.orders[order_id]["status"]) == ("COMPLETED", "COMPLETED")
    assert result["attributes"][0]["label"] == "Result"


async def test_a_stranger_orders_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """Unsigned or signed with another secret, nothing is stored."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, KomboLife)
        await world.listen(address(house), "another secret")
        world.kombo.order(OFFER, world.application_id)
        (letter,) = world.kombo.post.waiting
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.post(address(house), content=letter.body)).status_code == 401
            assert (
                await http.post(address(house), content=letter.body, headers=dict(letter.headers))
            ).status_code == 400
            spoiled = sign(letter.body, PRESENTED, NOW)
            assert (await http.post(address(house), content=letter.body + b" ", headers=spoiled)).status_code == 400
        assert await order_rows(house) == []
