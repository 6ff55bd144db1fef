"""The published language between Evenhand and every applicant tracking system. Pure: no I/O."""
