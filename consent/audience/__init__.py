"""An audience filtered: of many people, those for whom a purpose or system may personalise."""
