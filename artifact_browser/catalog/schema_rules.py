"""JSON Schema's keywords, checked in bounded steps: what ``jsonschema`` does, made safe for a stranger's schema.

The library knows the drafts and resolves references; the keywords that would show a whole value in their message, use
Python's ``re`` or compare everything with everything are replaced by ones that count what they do
(:mod:`schema_budget`). Messages are predicates ("must be text, not a number"): whoever shows them puts the place before.
Imported by workers only, at first use.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema
from jsonschema import validators as drafts
from jsonschema.exceptions import ValidationError
from jsonschema_specifications import REGISTRY
from referencing import Registry, Resource
from referencing import jsonschema as specifications
from referencing.exceptions import NoSuchResource

from artifact_browser.catalog import schema_keywords, schema_unevaluated
from artifact_browser.catalog.schema_budget import Budget, begin, budget
from artifact_browser.catalog.schema_keywords import Errors

#: Steps for the way into a part of a schema, whatever it says.
_DESCENT = 8


def ready(rules: Any, schema: Any) -> Any:
    """A validator of ``schema`` (``rules``: one of :func:`rules_for`'s) that has found all its names, once for all checks."""
    unknown: Any = Registry
    resource = rules.specification.create_resource(schema)
    base = resource.id() or ""
    registry = REGISTRY.combine(unknown(retrieve=_refuse)).with_resource(base, resource).crawl()
    return rules(schema, _resolver=registry.resolver(base))


def errors_of(validator: Any, instance: Any, allowed: Budget, most: int) -> list[ValidationError]:
    """At most ``most`` errors of ``instance``. :param validator: :func:`ready`'s

    :raises TooMuch: :raises referencing.exceptions.Unresolvable: a reference leads nowhere
    """
    begin(allowed)
    return list(islice(validator.descend(instance, validator.schema), most))


@lru_cache(maxsize=8)
def rules_for(draft: Any) -> Any:
    """The validator class of ``draft`` (one of ``jsonschema``'s) with our keywords in the place of its own."""
    known = schema_keywords.KEYWORDS | schema_unevaluated.KEYWORDS
    own = {name: rule for name, rule in known.items() if name in draft.VALIDATORS}
    if draft is drafts.Draft4Validator:
        own |= schema_keywords.KEYWORDS_4
    if draft is drafts.Draft202012Validator:
        own |= schema_keywords.KEYWORDS_2020
    made: Any = drafts.extend(draft, own)
    made.descend, made.evolve = _descend, _evolve
    made.specification = _SPECIFICATIONS[draft]
    made.lone_refs = draft in {drafts.Draft4Validator, drafts.Draft6Validator, drafts.Draft7Validator}
    return made


@lru_cache(maxsize=8)
def meta_of(draft: Any) -> Any:
    """What checks schemas of ``draft`` themselves."""
    return ready(rules_for(draft), draft.META_SCHEMA)


_SPECIFICATIONS = {
    drafts.Draft4Validator: specifications.DRAFT4,
    drafts.Draft6Validator: specifications.DRAFT6,
    drafts.Draft7Validator: specifications.DRAFT7,
    drafts.Draft201909Validator: specifications.DRAFT201909,
    drafts.Draft202012Validator: specifications.DRAFT202012,
}
KNOWN_DRAFTS = frozenset(_SPECIFICATIONS)


def _refuse(uri: str) -> Resource[Any]:
    """Nothing is ever fetched for a schema."""
    refusal: Any = NoSuchResource
    raise refusal(ref=uri)


def _evolve(self: Any, **changes: Any) -> Any:
    """As the library's, but the class stays: a ``$schema`` further in would bring the library's own keywords back."""
    return type(self)(
        schema=changes.get("schema", self.schema),
        _resolver=changes.get("_resolver", self._resolver),
    )


def _descend(
    self: Any, instance: Any, schema: Any, path: Any = None, schema_path: Any = None, resolver: Any = None
) -> Errors:
    """As the library's, but it counts, and a ``false`` schema does not show the value it refuses."""
    if schema is True:
        return
    if schema is False:
        yield ValidationError("is not allowed here", path=() if path is None else (path,))
        return
    if not schema:
        return
    counted = budget()
    counted.enter()
    try:
        counted.spend(_DESCENT + sum(1 + len(part) for part in schema.values() if isinstance(part, (dict, list, str))))
        if resolver is None:
            resolver = self._resolver.in_subresource(self.specification.create_resource(schema))
        evolved = self.evolve(schema=schema, _resolver=resolver)
        applicable = [("$ref", schema["$ref"])] if self.lone_refs and "$ref" in schema else schema.items()
        for keyword, value in applicable:
            rule = evolved.VALIDATORS.get(keyword)
            if rule is None:
                continue
            for error in rule(evolved, value, instance, schema) or ():
                if path is not None:
                    error.path.appendleft(path)
                yield error
    finally:
        counted.leave()


def draft_of(schema: Any) -> Any:
    """The draft a schema names by ``$schema``; Draft 7 where it names none that is known. ``None``: Draft 3."""
    found = jsonschema.validators.validator_for(schema, default=drafts.Draft7Validator)
    if found is drafts.Draft3Validator:
        return None
    return found if found in KNOWN_DRAFTS else drafts.Draft7Validator
