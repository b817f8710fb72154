"""Taking in choices that people made elsewhere: reading, judging and applying files of them."""
