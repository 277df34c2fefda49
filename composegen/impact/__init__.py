"""Impact: what a change of files does to what runs, and which place of the topology caused it. Pure; reads nothing."""
