"""The inside of the mail catcher: what it keeps, its SMTP side, its pages. Start it through ``mail.catcher``."""
