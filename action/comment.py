"""Keeps one comment on the pull request up to date: the plan that plan.sh wrote.

It never fails the job: a token that may not comment (those of pull requests from forks) or a server that is down is
told in the log, and the plan is in the summary of the job anyway. Runs on Python's standard library alone.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LONGEST = 65_536
"""What GitHub takes for one comment, counted in bytes here to be on the safe side (it counts characters)."""

CLOSING = 100
"""Bytes kept for closing what the cut left open."""

PAGE = 100
"""Comments that are asked for at a time; the most that GitHub gives."""


def main() -> None:
    """Say in the log what was done, or why nothing was."""
    if not os.environ.get("TOKEN"):
        say("notice", "No comment: there is no token.")
        return
    body = shortened(Path(os.environ["PLAN"]).read_text(encoding="utf-8"))
    try:
        print(keep(body, changes=os.environ["CHANGES"] == "true"))
    except urllib.error.HTTPError as error:
        say("notice" if error.code in {401, 403, 404} else "warning", refusal(error))
    except OSError as error:
        say("warning", f"No comment: {error}.")


def refusal(error: urllib.error.HTTPError) -> str:
    """Why there is no comment."""
    if error.code in {401, 403, 404}:
        return f"No comment: the token may not write one ({error.code}), as for pull requests from forks."
    return f"No comment: the server answered {error.code}."


def keep(body: str, *, changes: bool) -> str:
    """Write the comment anew, or for the first time when there is something to say; returns what was done."""
    existing = next(comments(body.partition("\n")[0]), None)
    if existing is None:
        if not changes:
            return "Nothing changes: no comment."
        ask("POST", f"issues/{os.environ['PULL_REQUEST']}/comments", {"body": body})
        return "Commented."
    if existing["body"].replace("\r\n", "\n") == body:
        return "The comment says so already."
    ask("PATCH", f"issues/comments/{existing['id']}", {"body": body})
    return "Updated the comment."


def comments(mark: str) -> Iterator[dict[str, Any]]:
    """The comments of the pull request whose first line is this one."""
    page = 1
    while True:
        found = ask("GET", f"issues/{os.environ['PULL_REQUEST']}/comments?per_page={PAGE}&page={page}")
        yield from (one for one in found if (one["body"] or "").splitlines()[:1] == [mark])
        if len(found) < PAGE:
            return
        page += 1


def shortened(text: str) -> str:
    """The text, or as many of its first lines as fit, with a line that says so."""
    if len(text.encode()) <= LONGEST:
        return text
    ending = "\n\n*The plan is longer than a comment may be; the summary of the job has all of it.*\n"
    room = LONGEST - len(ending.encode()) - CLOSING
    lines: list[str] = []
    for line in text.splitlines():
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    return closed("\n".join(lines)) + ending


def closed(text: str) -> str:
    """The text with its last code block and its folded parts closed."""
    fences = sum(line.startswith("```") for line in text.splitlines())
    text += "\n```" if fences % 2 else ""
    return text + "\n</details>" * (text.count("<details") - text.count("</details"))


def ask(method: str, path: str, content: object = None) -> Any:
    """The answer of GitHub's API, below the repository; raises HTTPError when it refuses."""
    request = urllib.request.Request(  # noqa: S310 - the address is the runner's own
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        data=None if content is None else json.dumps(content).encode(),
        headers={"Accept": "application/vnd.github+json", "Authorization": f"Bearer {os.environ['TOKEN']}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - see above
        return json.load(answer)


def say(level: str, text: str) -> None:
    """An annotation of the job."""
    print(f"::{level} title=composegen::{text}")


if __name__ == "__main__":
    main()
