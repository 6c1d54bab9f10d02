"""Cuts the paths that the adapters use, and what these lead to, out of a server's published Swagger.

usage: cut.py forgejo|woodpecker WHOLE.json > CUT.json
"""

import json
import sys

USED = {
    "forgejo": [
        "/version", "/settings/api", "/user", "/orgs/{org}", "/orgs/{org}/labels",
        "/repos/{owner}/{repo}", "/repos/{owner}/{repo}/labels", "/repos/{owner}/{repo}/assignees",
        "/repos/{owner}/{repo}/collaborators/{collaborator}/permission",
        "/repos/{owner}/{repo}/commits/{ref}/status", "/repos/{owner}/{repo}/actions/runs",
        "/repos/{owner}/{repo}/branches/{branch}", "/repos/{owner}/{repo}/compare/{basehead}",
        "/repos/{owner}/{repo}/issues", "/repos/{owner}/{repo}/issues/{index}",
        "/repos/{owner}/{repo}/issues/{index}/labels",
        "/repos/{owner}/{repo}/issues/{index}/labels/{identifier}",
        "/repos/{owner}/{repo}/issues/{index}/timeline",
        "/repos/{owner}/{repo}/issues/{index}/dependencies",
        "/repos/{owner}/{repo}/issues/{index}/comments",
        "/repos/issues/search", "/user/repos",
        "/repos/{owner}/{repo}/issues/comments/{id}", "/repos/{owner}/{repo}/pulls",
        "/repos/{owner}/{repo}/pulls/{index}", "/repos/{owner}/{repo}/pulls/{index}/merge",
    ],
    "woodpecker": [
        "/repos/lookup/{repo_full_name}", "/repos/{repo_id}/pipelines",
        "/repos/{repo_id}/pipelines/{pipeline_number}",
        "/repos/{repo_id}/logs/{pipeline_number}/{step_id}",
    ],
}
PREFIX = {"forgejo": "/api/v1", "woodpecker": "/api"}
WORDS = ("description", "summary", "tags", "example", "operationId", "produces", "consumes", "title")


def bare(value, in_properties=False):
    if isinstance(value, dict):
        return {k: bare(v, k == "properties") for k, v in value.items()
                if in_properties or not (k.startswith("x-") or k in WORDS)}
    return [bare(v) for v in value] if isinstance(value, list) else value


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = value.values()
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        for one in value:
            yield from references(one)


def main(kind, whole):
    with open(whole, encoding="utf-8") as file:
        spec = json.load(file)
    out = {"swagger": spec["swagger"],
           "info": {k: spec["info"].get(k) for k in ("title", "version", "license")},
           "paths": {p: bare(spec["paths"][PREFIX[kind] + p]) for p in USED[kind]},
           "definitions": {}, "responses": {}}
    missing = list(references(out["paths"]))
    while missing:
        _, group, name = missing.pop().split("/", 2)
        if name not in out[group]:
            out[group][name] = bare(spec[group][name])
            missing.extend(references(out[group][name]))
    json.dump(out, sys.stdout, separators=(",", ":"), sort_keys=True)
    sys.stdout.write("\n")


main(sys.argv[1], sys.argv[2])
