"""What changes in a farm is told to those who listen: its websockets (see `config.sockets`).

Services say what they changed (`announcing`). After the commit it goes over a channel of PostgreSQL
that is the farm's alone (`notes`), and only while somebody listens.
"""
