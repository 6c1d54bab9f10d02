"""The same poll done the usual way: one client, one request after the other on a kept connection, one list
for each repository and one timeline for each issue. Arguments: HOST:PORT REPOSITORIES. Prints what it did.
"""

import http.client
import json
import sys

LABEL = "ready-for-agent"


def main():
    address, count = sys.argv[1], int(sys.argv[2])
    connection = http.client.HTTPConnection(address)
    headers = {"Authorization": "Bearer bench-token", "Accept": "application/vnd.github+json"}
    requests = candidates = 0

    def get(path):
        nonlocal requests
        requests += 1
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status}")
        return json.loads(text)

    for number in range(count):
        repository = f"/repos/acme/service-{number:04}"
        for issue in get(f"{repository}/issues?state=open&labels={LABEL}&per_page=100"):
            events = get(f"{repository}/issues/{issue['number']}/events?per_page=100")
            labelled = [event for event in events if event["event"] == "labeled"]
            candidates += bool(labelled)
    print(f"{requests} requests, {candidates} candidates")


main()
