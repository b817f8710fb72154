"""The mathematics: audit methods, their statistics and known answers. No Django in here."""
