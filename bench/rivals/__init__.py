"""The other side of part (b). These run in .venv-bench as scripts and know nothing of Evenhand."""
