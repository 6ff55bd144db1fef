"""Odoo Recruitment, version 19 and later."""
