"""Stripe's REST API: routes, request parameters by the SDK's own types, lists, expansion."""
