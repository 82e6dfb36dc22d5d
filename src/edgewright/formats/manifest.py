"""The versions of ``edgewright.json``.

1  In an export (``best/``), ``recipe`` was that of the chosen trial: the options that a build was chosen with stood in it
   under an unchanged key.
2  ``recipe`` is what the key says, wherever the manifest lies. ``selected`` says what an export was chosen as.
   ``lineage`` has ``made_from`` and ``calibration``, so that the key can be computed anew.
"""

from __future__ import annotations

import re

from edgewright.core.recipe.artifact import MANIFEST_VERSION
from edgewright.formats.versioned import Document, Format

_OPTIONS = re.compile(r"\+(?=\w+=)")
"""Before each runtime option in a trial's name; the ``+recovered`` of a pruning is none."""


def _recipe_of_the_key(document: Document) -> Document:
    """Version 2 of 1. The values that the chosen options replaced in the recipe were not kept, and stay unknown."""
    recipe = document["recipe"]
    name, *options = _OPTIONS.split(recipe["name"])
    if not options:
        return document
    named = {pair.partition("=")[0] for option in options for pair in option.split(",")}
    kept = {key: value for key, value in recipe["runtime"].items() if key not in named}
    selected = {
        "trial": f"{recipe['framework']}/{recipe['name']}",
        "runtime": recipe["runtime"],
        "run": "",
    }
    return {**document, "recipe": {**recipe, "name": name, "runtime": kept}, "selected": selected}


MANIFEST = Format(title="manifest of a build", version=MANIFEST_VERSION, steps={1: _recipe_of_the_key})
