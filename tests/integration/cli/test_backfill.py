"""backfill and audit data on the command line: words, JSON, and what is refused."""

from tests.integration.cli.terminal import Terminal

PROGRAM = "support-pilot"
NOBODY = "019aa5c0-7c1e-7d70-b0a4-5f2b6c1d9e10"


def test_begin_status_and_stop(terminal: Terminal) -> None:
    """With --go it has begun; status tells how far it is, stop ends it, and a second one must wait for that."""
    assert terminal.run("backfill", "status").out == "There was no backfill yet.\n"
    begun = terminal.run("backfill", PROGRAM, "--go", "--cap", "3", "--per-hour", "7", "--json").json
    assert (begun["state"], begun["cap"], begun["per_hour"], begun["actor"]) == ("listing", 3, 7, "cli")
    refused = terminal.run("backfill", "run", PROGRAM, "--go")
    assert (refused.status, begun["id"] in refused.err) == (1, True)
    told = terminal.run("backfill", "status", begun["id"])
    assert "support-pilot: listing, 0 of at most 3 invited." in told.out
    assert "Nobody was looked at yet." in told.out
    [row] = terminal.run("backfill", "status", "--json").json
    assert row["id"] == begun["id"]
    assert "is stopped" in terminal.run("backfill", "stop", begun["id"]).out
    assert "stopped" in terminal.run("backfill", "status", begun["id"]).out
    assert terminal.run("backfill", "stop", begun["id"]).status == 1
    assert f"evenhand backfill status {row['id'][:4]}" in terminal.run("backfill", PROGRAM, "--go").out


def test_what_is_refused(terminal: Terminal) -> None:
    """A program or a backfill that is not there, and a cap of nothing, are errors in words."""
    unknown = terminal.run("backfill", "nothing", "--go")
    assert (unknown.status, "support-pilot" in unknown.err) == (1, True)
    assert terminal.run("backfill", "status", NOBODY).err == "evenhand: There is no backfill with this id.\n"
    assert terminal.run("backfill", PROGRAM, "--cap", "0").status == 2
    assert "Usage: evenhand backfill" in terminal.run("backfill", "--help").out


def test_an_ats_that_cannot_be_reached_is_said_in_one_line(terminal: Terminal) -> None:
    """The dry run and the audit need the ATS; without it nothing is printed but why."""
    for command in (("backfill", PROGRAM), ("audit", "data")):
        printed = terminal.run(*command)
        assert (printed.status, printed.out) == (1, "")
        assert printed.err.startswith("evenhand: the ATS: ")
    assert terminal.run("audit", "data", "--connection", "nothing").status == 1
