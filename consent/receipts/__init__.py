"""Receipts: what was recorded about one choice, signed, with its place in the ledger."""
