"""Programs that peers run; each works alone, in an environment of its own."""
