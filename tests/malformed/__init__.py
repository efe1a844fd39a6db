"""100,000 malformed requests against the real server on loopback: `make malformed` writes build/malformed.json.

`kinds` makes the requests (seeded), `client` sends them, `server` starts and watches the server, `campaign` judges.
"""
