"""Whom an incident touched, and whom a hold or a change of rules would: counting, no pages."""
