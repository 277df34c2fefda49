"""Mistakes of different stages in one file: `# expect: CODE` marks what one run tells, and nothing else is told."""

from __future__ import annotations

import re
from collections import Counter
from textwrap import dedent

import pytest

from composegen.pipeline import Compiled
from tests.sampling import compile_text

HEAD = "name: demo\n"


def codes(compiled: Compiled) -> Counter[tuple[int, str]]:
    """Line and code of each finding."""
    assert compiled.document is not None
    return Counter((compiled.document.locate(one.where).line, one.code) for one in compiled.findings)


def marked(text: str) -> Counter[tuple[int, str]]:
    """Line and code of every `# expect: CODE`."""
    return Counter(
        (number, code)
        for number, line in enumerate(text.splitlines(), start=1)
        for code in re.findall(r"# expect: (CG\d{3})", line)
    )


EXAMPLES = {
    "three stages in one service": """
        hosts:
          box:
            adress: 10.0.0.1    # expect: CG104
        services:
          chat:
            image: ollama/ollama:latest    # expect: CG706
            hosts:
              box: 1
              attic: 1    # expect: CG106
        """,
    "a port conflict beside a fault": """
        hosts:
          box: {address: 10.0.0.1}
          other: {addres: 10.0.0.2}    # expect: CG104
        services:
          a: {hosts: {box: 1}}
          b: {hosts: {box: 1}}    # expect: CG201
        """,
    "no port conflict on a host whose address is unknown": """
        hosts:
          box: {addres: 10.0.0.1}    # expect: CG104
        services:
          a: {hosts: {box: 1}}
          b: {hosts: {box: 1}}
        """,
    "a misspelt store is used by nobody yet": """
        hosts: {box: {address: 10.0.0.1}}
        stores: {models: {kind: volume}}
        services:
          reader: {store: models, writer: none, hosts: {box: 1}}
          writer: {stroe: models, hosts: {box: {port: 12000}}}    # expect: CG104
        """,
    "a name that is none may be any": """
        hosts: {Box: {address: 10.0.0.1}, other: {address: 10.0.0.2}}    # expect: CG103
        services:
          chat: {image: ollama/ollama, hosts: {box: 1, other: 1}}    # expect: CG706
        """,
    "a section may be misspelt": """
        hosts: {box: {address: 10.0.0.1}}
        stors: {models: {kind: volume}}    # expect: CG104
        services:
          chat: {store: models, hosts: {box: 1, attic: 1}}    # expect: CG106
        """,
    "a host may be indented too far": """
        hosts:
          box:
            address: 10.0.0.1
            other: {address: 10.0.0.2}    # expect: CG104
        services:
          chat: {hosts: {box: 1, other: 1}}
        """,
    "a service whose only host is unknown runs somewhere once that is mended": """
        hosts: {box: {address: 10.0.0.1}}
        services:
          chat: {hosts: {attic: 1}}    # expect: CG106
          code: {hosts: {box: 1}, models: ["bad name"]}    # expect: CG701
        """,
    "a service may have its hosts under a misspelt key": """
        hosts: {box: {address: 10.0.0.1}}
        services:
          chat: {hots: {box: 1}}    # expect: CG104
          code: {}    # expect: CG107
        """,
    "an image that nobody may use any more": """
        hosts: {box: {address: 10.0.0.1}}
        defaults: {image: ollama/ollama:latest}
        services:
          chat: {image: [], hosts: {box: 1}}    # expect: CG102
        """,
    "an image that somebody uses for certain": """
        hosts: {box: {address: 10.0.0.1}}
        defaults: {image: ollama/ollama:latest}    # expect: CG706
        services:
          chat: {image: [], hosts: {box: 1}}    # expect: CG102
          code: {hosts: {box: {port: 12000}}}
        """,
    "a rule that may be switched off": """
        hosts: {box: {address: 10.0.0.1}}
        services:
          chat: {image: ollama/ollama:latest, models: ["bad name"], hosts: {box: 1}}    # expect: CG701
        rules:
          floating-tags: "off"    # expect: CG108
        """,
    "a comment that allows what is not known yet is not useless": """
        hosts: {box: {addres: 10.0.0.1}}    # expect: CG104
        services:
          a: {hosts: {box: 1}}
          b: {hosts: {box: 1}}    # composegen: allow[port-conflict] one at a time
        """,
    "a comment allows beside a fault": """
        hosts: {box: {addres: 10.0.0.1}}    # expect: CG104
        services:
          a:
            image: ollama/ollama:latest    # composegen: allow[floating-tag] to try it
            hosts: {box: 1}
        """,
    "a Modelfile that is not there": """
        hosts: {box: {addres: 10.0.0.1}}    # expect: CG104
        services:
          a: {models: [{name: a, modelfile: nowhere}], hosts: {box: 1}}    # expect: CG011
        """,
    "a need of nothing beside another one": """
        hosts: {box: {address: 10.0.0.1}}
        services: {a: {hosts: {box: 1}}}
        apps:
          web:
            host: box
            needs: [b, c]    # expect: CG106 # expect: CG106
            compose: {image: "x:latest"}    # expect: CG706
        """,
    "Compose's own mistakes": """
        hosts: {box: {address: 10.0.0.1}}
        services:
          a:
            hosts: {box: 1}
            compose: {container_name: q}    # expect: CG103
            image: ollama/ollama:latest    # expect: CG706
        """,
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_run_tells_all_that_is_certain(name: str) -> None:
    text = HEAD + dedent(EXAMPLES[name]).lstrip()
    compiled = compile_text(text)
    assert codes(compiled) == marked(text), compiled.findings
    assert compiled.tree is None
    assert compiled.plan is None


def test_a_secret_is_hidden_although_something_else_is_wrong() -> None:
    compiled = compile_text(
        HEAD
        + "hosts: {box: {addres: x}}\nservices: {a: {environment: {API_TOKEN: abcdef0123456789}, hosts: {box: 1}}}\n"
    )
    assert [finding.code for finding in compiled.sensitive] == ["CG601"]
    assert "CG601" in {finding.code for finding in compiled.findings}


def test_advice_that_draws_on_everything_is_left_out() -> None:
    text = HEAD + "hosts: {box: {address: 10.0.0.1}}\nservices:\n  a: {hosts: {box: 1}}\n  b: {hosts: {box: 1}}\n"
    (whole,) = compile_text(text).findings
    (beside,) = [one for one in compile_text(text + "  c: {hots: {}}\n").findings if one.code == "CG201"]
    assert (whole.message, whole.where) == (beside.message, beside.where)
    assert whole.hint
    assert not beside.hint
