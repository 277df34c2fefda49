"""composegen turns one topology file into every file that an LLM-serving set-up needs on every host."""

__version__ = "0.1.0"
