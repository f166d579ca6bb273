"""`/kling/v1`: Kling's own protocol in front of our jobs, for programs written for Kling.

It calls the same actions as `/api/v1` and the pages do; what differs is the wire.
"""
