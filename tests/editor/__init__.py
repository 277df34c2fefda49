"""What editors make of the schema, through the YAML language server as it is."""
