"""Numbers of things in words."""


def counted(number: int, thing: str) -> str:
    """`1 file`, `2 files`. `thing` is one whose plural ends in s."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
