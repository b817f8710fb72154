"""Webhooks: what leaves to other companies' servers, signed, leased, tried again and replayable."""
