"""What gunicorn's worker is here: threads serve whole requests, and never wait for a client.

``worker`` is the class that `config/gunicorn.conf.py` names. One thread of each process, the
poller, receives requests (``connections``) and sends what clients have not taken yet (``answers``);
``shares`` decides which request gets a thread next, ``requests`` which are long.
"""
