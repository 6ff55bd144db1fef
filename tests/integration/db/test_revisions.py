"""The revisions of this release, read without Alembic."""

from alembic.script import ScriptDirectory

from orchestrator.db.revisions import revisions, script_location


def test_they_are_what_alembic_finds() -> None:
    """Readiness compares with these: one that is overlooked would keep a migrated process from being ready."""
    scripts = ScriptDirectory(str(script_location()))
    found = revisions()
    assert found.known == {one.revision for one in scripts.walk_revisions()}
    assert found.newest == set(scripts.get_heads())
