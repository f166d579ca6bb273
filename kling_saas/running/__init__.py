"""`manage.py serve`: the whole product as one family of processes."""
