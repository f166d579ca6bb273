"""What the account has: each kind of object with its routes."""
