"""A report as something to read: plain text, one page of HTML. Nothing is computed here."""
