"""`make bench`: how long composegen takes, beside its peers and what no program can beat. Not in the wheel."""
