"""The whole product on one machine: sandbox ATS, mail catcher and Evenhand, each a process, spoken to over HTTP only."""
