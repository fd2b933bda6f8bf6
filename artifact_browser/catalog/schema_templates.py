"""Schemas to begin with: what a data set, a model, an application and a BioImage.IO card have to say of themselves."""

from __future__ import annotations

_PEOPLE = """\
  authors:
    type: array
    minItems: 1
    items:
      type: object
      required: [name]
      properties:
        name: {type: string, minLength: 1}
        affiliation: {type: string}
        orcid: {type: string, pattern: '^[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$'}
"""
_TEXTS = """\
  name: {type: string, minLength: 1, maxLength: 128}
  description: {type: string, minLength: 1}
  version: {type: string}
  license: {type: string, minLength: 1}
  tags:
    type: array
    items: {type: string}
    uniqueItems: true
"""
_HEAD = "$schema: http://json-schema.org/draft-07/schema#\ntype: object\n"

_DATA_SET = f"""{_HEAD}title: Data set
required: [type, name, description, license, authors]
properties:
  type: {{const: dataset}}
{_TEXTS}{_PEOPLE}"""

_MODEL = f"""{_HEAD}title: Model
required: [type, name, description, version, license, authors]
properties:
  type: {{const: model}}
{_TEXTS}{_PEOPLE}  documentation: {{type: string}}
  git_repo: {{type: string}}
  covers:
    type: array
    items: {{type: string}}
"""

_APPLICATION = f"""{_HEAD}title: Application
required: [type, name, description, version]
properties:
  type: {{const: application}}
{_TEXTS}  entry_point: {{type: string, minLength: 1}}
  services:
    type: object
  git_repo: {{type: string}}
"""

_BIOIMAGE = f"""{_HEAD}title: BioImage.IO card
required: [type, format_version, name, description, authors, license, documentation, tags, cite]
properties:
  type:
    enum: [model, dataset, application, notebook, workflow]
  format_version: {{type: string, pattern: '^[0-9]+[.][0-9]+[.][0-9]+$'}}
{_TEXTS}{_PEOPLE}  maintainers:
    type: array
    items:
      type: object
      required: [github_user]
  documentation: {{type: string}}
  covers:
    type: array
    minItems: 1
    items: {{type: string}}
  icon: {{type: string}}
  id_emoji: {{type: string, maxLength: 8}}
  links:
    type: array
    items: {{type: string}}
  git_repo: {{type: string}}
  cite:
    type: array
    minItems: 1
    items:
      type: object
      required: [text]
      anyOf:
        - required: [doi]
        - required: [url]
      properties:
        text: {{type: string, minLength: 1}}
        doi: {{type: string}}
        url: {{type: string}}
"""

#: What a template is called, and its text.
TEMPLATES = (
    ("Data set", _DATA_SET),
    ("Model", _MODEL),
    ("Application", _APPLICATION),
    ("BioImage.IO card", _BIOIMAGE),
)
