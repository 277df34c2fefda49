"""The outside world: files, the process environment, what ships with the program. Only this package touches them."""
